"""A TensorRT-LLM checkpoint as it lies on disk: config.json and the file of each rank, nothing assumed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parity.digest import StoredTensor, file_tensors
from parity.errors import ParityError
from qwen_trt_model.consumed_keys import read_config_json

__all__ = ["CheckpointFiles", "open_checkpoint_files"]

_RANK_FILE = re.compile(r"rank(\d+)\.safetensors")


@dataclass(frozen=True)
class CheckpointFiles:
    """What is there.

    Attributes:
        folder: where it lies.
        config: config.json.
        ranks: the tensors of each rank's file, by name.
    """

    folder: Path
    config: Mapping[str, Any]
    ranks: Mapping[int, Mapping[str, StoredTensor]]

    def section(self, key: str) -> Mapping[str, Any]:
        """The object at `key` of config.json; empty where there is none."""
        value = self.config.get(key)
        return value if isinstance(value, Mapping) else {}

    @property
    def size(self) -> int:
        """How many tensors there are, over all ranks."""
        return sum(len(tensors) for tensors in self.ranks.values())


def open_checkpoint_files(folder: Path) -> CheckpointFiles:
    """Read config.json and the headers of the weights.

    Raises:
        ParityError: the folder is no TensorRT-LLM checkpoint, or a file is truncated or damaged.
    """
    config = read_config_json(folder)
    at = folder / "config.json"
    if "pretrained_config" in config:
        cure = "give the checkpoint folder that the engine was built from"
        raise ParityError(f"{at}: belongs to an engine, not to a checkpoint", cure=cure)
    if "model_type" in config and "architecture" not in config:
        cure = "give the Hugging Face folder first, then the checkpoint"
        raise ParityError(f"{at}: belongs to a Hugging Face model, not to a TensorRT-LLM checkpoint", cure=cure)
    matches = [(_RANK_FILE.fullmatch(path.name), path) for path in sorted(folder.iterdir())]
    files = {int(match[1]): path for match, path in matches if match}
    if not files:
        found = ", ".join(path.name for path in sorted(folder.glob("*.safetensors"))) or "no safetensors file"
        cure = "give the folder that convert_checkpoint.py or quantize.py of TensorRT-LLM wrote"
        raise ParityError(f"{folder}: expected rank0.safetensors …, found {found}", cure=cure)
    ranks = {rank: {tensor.name: tensor for tensor in file_tensors(path)} for rank, path in sorted(files.items())}
    return CheckpointFiles(folder, config, ranks)
