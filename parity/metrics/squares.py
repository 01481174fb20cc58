"""Sums of squares by token: all that noise ratios need, at a fraction of what `differences` costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from parity.metrics.real_rows import RealRows

__all__ = ["SquaredErrors", "Squares", "squares"]

Floats = npt.NDArray[np.float64]

_CHUNK_ELEMENTS = 2**18


class SquaredErrors(Protocol):
    """How far one side is from the truth at each token and head: `Squares`, or `Differences`, which know more."""

    @property
    def error_squares(self) -> Floats:
        """Sum of (side - truth)², shape ``[row, head]``."""
        ...

    @property
    def truth_squares(self) -> Floats:
        """Sum of truth², shape ``[row, head]``."""
        ...


@dataclass(frozen=True, eq=False)
class Squares:
    """A `SquaredErrors`: both sums, float64, shape ``[row, head]``."""

    error_squares: Floats
    truth_squares: Floats


def squares(truth: RealRows, side: RealRows) -> Squares:
    """Compare `side` with `truth`: values of one shape, accumulated in float64; invalid elements are left out."""
    rows, heads, channels = truth.values.shape
    error, own = np.empty((rows, heads)), np.empty((rows, heads))
    step = max(1, _CHUNK_ELEMENTS // max(1, heads * channels))
    for start in range(0, rows, step):
        part = slice(start, start + step)
        expected = truth.values[part].astype(np.float64, copy=False)
        difference = side.values[part] - expected
        if truth.valid is not None:
            valid = truth.valid[part]
            expected, difference = (np.where(valid, array, 0.0) for array in (expected, difference))
        error[part] = np.einsum("rhc,rhc->rh", difference, difference)
        own[part] = np.einsum("rhc,rhc->rh", expected, expected)
    return Squares(error, own)
