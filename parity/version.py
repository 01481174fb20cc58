"""The version of this package, from its installed metadata."""

from __future__ import annotations

from importlib import metadata

__all__ = ["VERSION"]


def _version() -> str:
    try:
        return metadata.version("layer-parity")
    except metadata.PackageNotFoundError:  # run from its sources, as on a machine where nothing can be installed
        return "0+sources"


VERSION = _version()
