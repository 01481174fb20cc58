"""A tensor whose values deviate, and everything that an explanation may look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.expected import ExpectedTensor, Piece
from qwen_trt_model.lint.values import Differences, Wanted

__all__ = ["Explain", "Explanation", "Mismatch", "part_label"]

Array = npt.NDArray[Any]

_LABELS = {"q_proj": "q", "k_proj": "k", "v_proj": "v"}


@dataclass(frozen=True, eq=False)
class Mismatch:
    """A tensor, or one part of a fused one, that does not hold what it should.

    Attributes:
        case: checkpoint and model.
        expected: the tensor.
        pieces: what the deviating rows should be made of.
        wanted: their values.
        found: the stored ones, a matrix of the same shape and dtype.
        differences: how they deviate.
    """

    case: LintCase
    expected: ExpectedTensor
    pieces: tuple[Piece, ...]
    wanted: Wanted
    found: Array
    differences: Differences

    @property
    def is_part(self) -> bool:
        """Whether this is about some parts of a fused tensor alone."""
        return len(self.pieces) < len(self.expected.pieces)

    @property
    def label(self) -> str:
        """The Hugging Face tensors that should be there."""
        return ", ".join(str(self.case.source.rows(piece.part)) for piece in self.pieces)

    def sampled_rows(self, count: int = 64) -> Sequence[int]:
        """Rows spread evenly, the first deviating one among them."""
        rows = np.linspace(0, self.found.shape[0] - 1, count).astype(np.intp)
        return [int(row) for row in np.unique(np.append(rows, self.differences.first[0]))]


@dataclass(frozen=True)
class Explanation:
    """What is there in place of the wanted values.

    Attributes:
        check: name of the defect.
        found: what is there, in words.
        cure: what to do.
        severity: one of `parity.finding.SEVERITIES`.
    """

    check: str
    found: str
    cure: str
    severity: str = "error"


Explain = Callable[[Mismatch], Explanation | None]
"""Recognises one kind of defect; None where the values are something else."""


def part_label(part: str) -> str:
    """A short name of a Hugging Face tensor: ``q``, ``gate_proj``, ``input_layernorm``."""
    name = part.split(".")[-2]
    return _LABELS.get(name, name)
