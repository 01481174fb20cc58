"""The version of this package, as pyproject.toml says it."""

from importlib import metadata

__all__ = ["VERSION"]

VERSION = metadata.version("layer-parity")
