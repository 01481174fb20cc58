"""Is a checkpoint really that Hugging Face model? Weights are un-fused and compared bit by bit, constants by value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.errors import ParityError
from qwen_trt_model.casting import bits, cast
from qwen_trt_model.checkpoint import Checkpoint, read_checkpoint
from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.huggingface_config import read_huggingface_config
from qwen_trt_model.huggingface_weights import open_huggingface_weights
from qwen_trt_model.storage import map_tensor
from qwen_trt_model.tensors import CheckpointTensor, checkpoint_tensors

__all__ = ["ConfigDifference", "PreflightReport", "WeightDifference", "preflight", "require_faithful"]

_WITHOUT_EFFECT = {"tie_word_embeddings", "seq_length", "logits_dtype", "mapping", "quantization", "dtype"}
"""Fields that may differ: the head is compared as weights, and the others do not change the numbers or are refused
where they do."""


@dataclass(frozen=True)
class WeightDifference:
    """A Hugging Face tensor whose bits differ in the checkpoint.

    Attributes:
        tensor: its Hugging Face name.
        stored_in: name of the checkpoint's tensor that holds it.
        differing, elements: how many values differ, of how many.
        first: index of the first that does, within the Hugging Face tensor.
        expected, found: the two values there, the expected one after the cast to the checkpoint's dtype.
    """

    tensor: str
    stored_in: str
    differing: int
    elements: int
    first: tuple[int, ...]
    expected: float
    found: float


@dataclass(frozen=True)
class ConfigDifference:
    """A constant that the two configurations give different values."""

    key: str
    expected: str
    found: str


@dataclass(frozen=True)
class PreflightReport:
    """What a preflight found.

    Attributes:
        compared: how many Hugging Face tensors were compared.
        weights: those that differ.
        config: constants that differ.
    """

    compared: int
    weights: tuple[WeightDifference, ...]
    config: tuple[ConfigDifference, ...]

    @property
    def faithful(self) -> bool:
        """Whether nothing differs."""
        return not self.weights and not self.config


def preflight(hf_folder: Path, checkpoint: Path) -> PreflightReport:
    """Compare a checkpoint with the Hugging Face model that it should be.

    Where sizes differ, weights are not compared: the report then holds the sizes alone.

    Raises:
        ParityError: one side can't be read, or a weight overflows in the checkpoint's dtype.
    """
    ours = read_checkpoint(Path(checkpoint))
    theirs = read_huggingface_config(Path(hf_folder), dtype=ours.config.dtype)
    config = tuple(_compare_configs(theirs, ours.config))
    table = checkpoint_tensors(theirs)
    if any(tensor.name not in ours.tensors or ours.tensors[tensor.name].shape != tensor.shape for tensor in table):
        return PreflightReport(0, (), config)
    weights = open_huggingface_weights(Path(hf_folder), theirs)
    expected = {name: map_tensor(stored) for name, stored in weights.tensors.items()}
    differences = [found for tensor in table for found in _compare_tensor(tensor, expected, ours)]
    return PreflightReport(sum(len(tensor.parts) for tensor in table), tuple(differences), config)


def require_faithful(report: PreflightReport) -> None:
    """Raise unless the checkpoint is the model, bit by bit.

    Raises:
        ParityError: lists what differs.
    """
    if report.faithful:
        return
    problems = [f"{item.key} is {item.found}, expected {item.expected}" for item in report.config]
    problems += [
        f"{item.tensor} (in {item.stored_in}): {item.differing} of {item.elements} values differ, the first at "
        f"{list(item.first)} is {item.found!r}, expected {item.expected!r}"
        for item in report.weights[:10]
    ]
    if len(report.weights) > 10:
        problems.append(f"and {len(report.weights) - 10} more tensors")
    raise ParityError(
        "the checkpoint is not that Hugging Face model:\n  " + "\n  ".join(problems),
        cure="convert the model again, or give the Hugging Face folder that the checkpoint was made from",
    )


def _compare_configs(expected: QwenConfig, found: QwenConfig) -> Iterator[ConfigDifference]:
    for field in fields(QwenConfig):
        theirs, ours = getattr(expected, field.name), getattr(found, field.name)
        if field.name not in _WITHOUT_EFFECT and theirs != ours:
            yield ConfigDifference(field.name, str(theirs), str(ours))


def _compare_tensor(
    tensor: CheckpointTensor, expected: dict[str, npt.NDArray[Any]], checkpoint: Checkpoint
) -> Iterator[WeightDifference]:
    fused, row = checkpoint.array(tensor.name), 0
    for part in tensor.parts:
        found = fused[row : row + part.shape[0]]
        row += part.shape[0]
        wanted, _ = cast(expected[part.name], checkpoint.config.dtype, name=part.name)
        differing = bits(wanted) != bits(found)
        if differing.any():
            first = tuple(int(i) for i in np.argwhere(differing)[0])
            values = float(wanted[first]), float(found[first])
            yield WeightDifference(part.name, tensor.name, int(differing.sum()), differing.size, first, *values)
