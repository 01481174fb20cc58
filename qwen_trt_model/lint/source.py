"""The Hugging Face model as the rules of the linter see it: what the checkpoint should hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy.typing as npt

from parity.digest import StoredTensor
from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.lint.rope_scaling import RopeScaling
from qwen_trt_model.storage import map_tensor

__all__ = ["SourceKeys", "SourceModel", "SourceRows"]


@dataclass(frozen=True)
class SourceRows:
    """Rows of a stored Hugging Face tensor.

    Attributes:
        tensor: its name.
        start, stop: the rows; all of them where `stop` is None.
    """

    tensor: str
    start: int = 0
    stop: int | None = None

    def __str__(self) -> str:
        return self.tensor if self.stop is None else f"{self.tensor}[{self.start}:{self.stop}]"


@dataclass(frozen=True, kw_only=True)
class SourceKeys:
    """What config.json of a Hugging Face folder says, whether this package can build a network from it or not.

    Attributes:
        network: sizes and constants in the form of a Qwen2 or Qwen3; a Qwen-1 is a Qwen2 under other names.
        model_type: as config.json has it: ``qwen``, ``qwen2`` or ``qwen3``.
        intermediate_size: as config.json has it; twice the rows of the MLP's matrices for a Qwen-1.
        hidden_act: activation of the gate.
        rotary_key: the key that gives the rotary base.
        rope_scaling: how rotary frequencies are scaled; None where they are not.
        rotary_part: the part of each head that is rotated.
        dynamic_ntk: whether the base grows for prompts longer than `seq_length`.
        logn: whether queries are scaled by log n.
        seq_length: the length from which on both do.
        sliding_window: tokens that some layers see; None where every layer sees all.
        read: how many keys were read.
        unread: keys that nothing here knows.
    """

    network: QwenConfig
    model_type: str
    intermediate_size: int
    hidden_act: str
    rotary_key: str
    rope_scaling: RopeScaling | None
    rotary_part: float
    dynamic_ntk: bool
    logn: bool
    seq_length: int
    sliding_window: int | None
    read: int = 0
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceModel:
    """A Hugging Face folder whose tensors are those that its configuration demands, beside others.

    Attributes:
        folder: where it lies.
        keys: its configuration.
        tensors: everything stored, by Hugging Face's names.
        renamed: where each tensor of a Qwen2 lies under another name.
    """

    folder: Path
    keys: SourceKeys
    tensors: Mapping[str, StoredTensor]
    renamed: Mapping[str, SourceRows]

    @property
    def network(self) -> QwenConfig:
        """Sizes and constants."""
        return self.keys.network

    def rows(self, part: str) -> SourceRows:
        """Where the tensor that a Qwen2 or Qwen3 calls `part` lies."""
        return self.renamed.get(part, SourceRows(part))

    def array(self, part: str) -> npt.NDArray[Any]:
        """A read-only view of the tensor that a Qwen2 or Qwen3 calls `part`."""
        rows = self.rows(part)
        return _mapped(self.tensors[rows.tensor])[rows.start : rows.stop]


@lru_cache(maxsize=64)
def _mapped(tensor: StoredTensor) -> npt.NDArray[Any]:
    """Mapping a file costs more than comparing a few rows of it."""
    return map_tensor(tensor)
