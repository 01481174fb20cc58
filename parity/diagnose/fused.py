"""Rows of weights that engines keep together, as one pool to look for a row in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import input_columns
from parity.replay.arrays import Floats, widened

__all__ = ["FusedRows", "fused_kinds", "fused_rows", "fused_weights"]

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
    weight, bias = fused_weights(case)
    sizes = [len(_stored(case, kind)) for kind in fused_kinds(case)]
    starts = tuple(int(start) for start in np.cumsum([0, *sizes]))
    return FusedRows(fused_kinds(case), starts, input_columns(case) @ weight.T, bias)


def fused_weights(case: SourceCase) -> tuple[Floats, Floats]:
    """Weights ``[fused row, in]`` and bias ``[fused row]`` of the pool."""
    weights = [widened(_stored(case, kind)) for kind in fused_kinds(case)]
    biases = [case.reference.weights.parameters(case.sibling(kind)).bias for kind in fused_kinds(case)]
    filled = [np.zeros(len(w)) if b is None else widened(b) for w, b in zip(weights, biases, strict=True)]
    return np.concatenate(weights), np.concatenate(filled)


def _stored(case: SourceCase, kind: str) -> npt.NDArray[Any]:
    weight = case.reference.weights.parameters(case.sibling(kind)).weight
    assert weight is not None
    return weight
