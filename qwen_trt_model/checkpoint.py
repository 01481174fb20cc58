"""A TensorRT-LLM checkpoint of one rank: config.json and rank0.safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from parity.digest import StoredTensor, stored_tensors
from parity.errors import ParityError
from qwen_trt_model.checkpoint_config import read_checkpoint_config
from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.conversion import CONVERSION_FILE, Conversion, read_conversion
from qwen_trt_model.storage import map_tensor, numpy_dtype
from qwen_trt_model.tensors import EMBEDDING, LM_HEAD, check_tensors, checkpoint_tensors

__all__ = ["WEIGHTS_FILE", "Checkpoint", "read_checkpoint"]

WEIGHTS_FILE = "rank0.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose tensors are those that its configuration demands.

    Attributes:
        folder: where it lies.
        config: what config.json says.
        tensors: where each tensor lies in rank0.safetensors, by TensorRT-LLM's names. ``lm_head.weight`` is the
            embedding where a tied checkpoint does not store it, and holds `vocab_size` rows where it is padded.
        conversion: how it was converted; None where something else made it.
    """

    folder: Path
    config: QwenConfig
    tensors: Mapping[str, StoredTensor]
    conversion: Conversion | None

    def array(self, name: str) -> npt.NDArray[Any]:
        """A read-only view of a tensor, by TensorRT-LLM's name."""
        return map_tensor(self.tensors[name])


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read the checkpoint in `folder`, made by `convert` or by TensorRT-LLM; reads headers only.

    Raises:
        ParityError: a file is missing or truncated; config.json asks for what is not supported; a tensor is missing,
            extra, misshaped (all are listed) or of another dtype than config.json says.
    """
    config = read_checkpoint_config(folder)
    _require_one_rank(folder)
    stored = {tensor.name: tensor for tensor in stored_tensors(folder)}
    tensors = _with_real_head(stored, config)
    expected = {tensor.name: tensor.shape for tensor in checkpoint_tensors(config)}
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    check_tensors(shapes, expected, at=str(folder / WEIGHTS_FILE))
    _require_dtype(tensors, config)
    return Checkpoint(folder, config, tensors, read_conversion(folder / CONVERSION_FILE))


def _require_one_rank(folder: Path) -> None:
    found = sorted(path.name for path in folder.glob("*.safetensors"))
    if found != [WEIGHTS_FILE]:
        raise ParityError(
            f"{folder}: expected {WEIGHTS_FILE} alone, found {', '.join(found) or 'no safetensors file'}",
            cure="give a checkpoint that was converted for one rank (--tp_size 1 --pp_size 1), whole",
        )


def _with_real_head(stored: Mapping[str, StoredTensor], config: QwenConfig) -> dict[str, StoredTensor]:
    """The stored tensors with a head of `vocab_size` rows: TensorRT-LLM may pad it, or not store it when tied."""
    tensors = dict(stored)
    if LM_HEAD not in tensors and config.tie_word_embeddings and EMBEDDING in tensors:
        tensors[LM_HEAD] = tensors[EMBEDDING]
    head = tensors.get(LM_HEAD)
    if head is not None and head.shape[0] > config.vocab_size and head.shape[1:] == (config.hidden_size,):
        tensors[LM_HEAD] = _first_rows(head, config.vocab_size)
    return tensors


def _first_rows(tensor: StoredTensor, rows: int) -> StoredTensor:
    row_bytes = (tensor.stop - tensor.start) // tensor.shape[0]
    shape, stop = (rows, *tensor.shape[1:]), tensor.start + rows * row_bytes
    return StoredTensor(tensor.name, tensor.dtype, shape, tensor.file, tensor.start, stop)


def _require_dtype(tensors: Mapping[str, StoredTensor], config: QwenConfig) -> None:
    others = [name for name, tensor in tensors.items() if str(numpy_dtype(tensor)) != config.dtype]
    if others:
        stored = tensors[others[0]]
        raise ParityError(
            f"{stored.file}: config.json says dtype {config.dtype}, but {len(others)} tensors are stored otherwise, "
            f"the first is {others[0]} ({stored.dtype})",
            cure="convert the model again",
        )
