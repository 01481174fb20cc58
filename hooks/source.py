"""Where a model comes from: a local folder, or the hub's cache."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from parity.errors import ParityError

__all__ = ["ModelSource", "resolve_source"]

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w.-]+")


@dataclass(frozen=True)
class ModelSource:
    """A model on disk.

    Attributes:
        folder: the Hugging Face folder.
        label: the model in words: the folder's own name, without the path to it, or the hub id.
    """

    folder: Path
    label: str


def resolve_source(source: str | Path, *, weights: bool = True) -> ModelSource:
    """Find `source`, a folder or a hub id such as ``Qwen/Qwen2.5-0.5B``; a hub model is downloaded once.

    Args:
        source: folder or hub id; a folder of that name wins.
        weights: whether the safetensors files of a hub model are wanted too.

    Raises:
        ParityError: there is no such folder, nor such a model on the hub, or the hub can't be reached.
    """
    folder = Path(source).expanduser()
    if folder.is_dir():
        return ModelSource(folder, folder.resolve().name)
    if folder.exists():
        raise ParityError(f"{source}: is a file", cure="name the folder that holds config.json")
    if not _HUB_ID.fullmatch(str(source)):
        raise ParityError(
            f"{source}: no such folder", cure="name a Hugging Face folder or a hub id such as Qwen/Qwen3-0.6B"
        )
    return ModelSource(_download(str(source), weights=weights), str(source))


def _download(hub_id: str, *, weights: bool) -> Path:
    from huggingface_hub import snapshot_download

    patterns = ["*.json", "*.txt", "*.jinja"] + (["*.safetensors"] if weights else [])
    try:
        return Path(snapshot_download(hub_id, allow_patterns=patterns, ignore_patterns=["*/*"]))
    except (OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ParityError(
            f"{hub_id}: no such folder, and the hub gives no such model ({type(error).__name__}: {reason})",
            cure="check the name; for a private model run `hf auth login`; offline, name a local folder",
        ) from error
