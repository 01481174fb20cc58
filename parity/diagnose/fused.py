"""Rows of weights that engines keep together, as one pool to look for a row in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import input_columns
from parity.replay.arrays import Floats, widened

__all__ = ["FusedRows", "fused_bias", "fused_kinds", "fused_rows", "fused_starts", "fused_weight"]

_FUSED = (("q", "k", "v"), ("gate", "up"))


@dataclass(frozen=True, eq=False)
class FusedRows:
    """The rows of the weights that read the same input, one below the other.

    Attributes:
        kinds: which weights, in the order of Hugging Face's fused layouts.
        starts: the first row of each, and the number of all rows.
        outputs: ``x Wᵀ`` without bias at real tokens, ``[row, fused row]``.
        bias: the bias of each row, zero where there is none, ``[fused row]``.
    """

    kinds: tuple[str, ...]
    starts: tuple[int, ...]
    outputs: Floats
    bias: Floats

    def where(self, row: int) -> tuple[str, int]:
        """The weight that a fused row belongs to, and its row there."""
        place = int(np.searchsorted(self.starts, row, side="right")) - 1
        return self.kinds[place], row - self.starts[place]


def fused_kinds(case: SourceCase) -> tuple[str, ...]:
    """The kinds of linear taps that read the same input as this one, itself included."""
    for kinds in _FUSED:
        if case.tap.kind in kinds:
            return kinds
    return (case.tap.kind,)


def fused_rows(case: SourceCase) -> FusedRows:
    """The pool of a linear tap at all tokens of `case`; meant for thin cases."""
    outputs = input_columns(case) @ fused_weight(case).T
    return FusedRows(fused_kinds(case), fused_starts(case), outputs, fused_bias(case))


def fused_starts(case: SourceCase) -> tuple[int, ...]:
    """The first row of each weight in the pool, and the number of all rows."""
    return tuple(int(start) for start in np.cumsum([0, *(len(_stored(case, kind)) for kind in fused_kinds(case))]))


def fused_weight(case: SourceCase) -> Floats:
    """The weights of the pool, ``[fused row, in]``."""
    return np.concatenate([widened(_stored(case, kind)) for kind in fused_kinds(case)])


def fused_bias(case: SourceCase) -> Floats:
    """The bias of each row of the pool, zero where there is none, ``[fused row]``."""
    parts = []
    for kind in fused_kinds(case):
        bias = case.reference.weights.parameters(case.sibling(kind)).bias
        parts.append(np.zeros(len(_stored(case, kind))) if bias is None else widened(bias))
    return np.concatenate(parts)


def _stored(case: SourceCase, kind: str) -> npt.NDArray[Any]:
    weight = case.reference.weights.parameters(case.sibling(kind)).weight
    assert weight is not None
    return weight
