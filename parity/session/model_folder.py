"""Where a Hugging Face model lies on disk, without PyTorch where it lies there already."""

from __future__ import annotations

from pathlib import Path

__all__ = ["model_folder"]


def model_folder(source: str) -> Path:
    """The folder of `source`: itself, or what the hub gives for an id, downloaded once.

    Raises:
        ParityError: there is no such folder and no such model.
    """
    if Path(source).is_dir():
        return Path(source)
    from parity.hooks.source import resolve_source

    return resolve_source(source).folder
