"""Counts of |error| by half decades."""

from __future__ import annotations

import numpy as np

from parity.comparison import Histogram
from parity.metrics.differences import Floats

__all__ = ["histogram"]

_LOWEST, _HIGHEST, _PER_DECADE = -18, 6, 2
_EDGES = tuple(step / _PER_DECADE for step in range(_LOWEST * _PER_DECADE, _HIGHEST * _PER_DECADE + 1))


def histogram(candidate: Floats, floor: Floats | None) -> Histogram:
    """Histogram of both sides' absolute errors, flat float64."""
    counts, zeros = _counts(candidate)
    floor_counts, floor_zeros = _counts(floor) if floor is not None else ((), 0)
    return Histogram(_EDGES, counts, floor_counts, zeros, floor_zeros)


def _counts(absolute: Floats) -> tuple[tuple[int, ...], int]:
    positive = absolute[absolute > 0]
    bins = np.floor((np.log10(positive) - _LOWEST) * _PER_DECADE).astype(np.int64)
    np.clip(bins, 0, len(_EDGES) - 2, out=bins)
    counts = np.bincount(bins, minlength=len(_EDGES) - 1)
    return tuple(int(count) for count in counts), int(absolute.size - positive.size)
