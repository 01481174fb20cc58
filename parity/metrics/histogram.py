"""Counts of |error| by half decades."""

from __future__ import annotations

import numpy as np

from parity.comparison import Histogram
from parity.metrics.differences import Floats

__all__ = ["histogram"]

_LOWEST, _HIGHEST, _PER_DECADE = -18, 6, 2
_BLOCK = 2**15
_EDGES = tuple(step / _PER_DECADE for step in range(_LOWEST * _PER_DECADE, _HIGHEST * _PER_DECADE + 1))


def histogram(candidate: Floats, floor: Floats | None) -> Histogram:
    """Histogram of both sides' absolute errors, flat float64."""
    counts, zeros = _counts(candidate)
    floor_counts, floor_zeros = _counts(floor) if floor is not None else ((), 0)
    return Histogram(_EDGES, counts, floor_counts, zeros, floor_zeros)


def _counts(absolute: Floats) -> tuple[tuple[int, ...], int]:
    counts = np.zeros(len(_EDGES) - 1, dtype=np.int64)
    zeros = 0
    # In blocks that stay in the cache: a logarithm is quick, writing whole temporaries to memory is not.
    for start in range(0, absolute.size, _BLOCK):
        block = absolute[start : start + _BLOCK]
        positive = block[block > 0]
        zeros += block.size - positive.size
        bins = ((np.log10(positive) - _LOWEST) * _PER_DECADE).clip(0, len(counts) - 1).astype(np.intp)
        counts += np.bincount(bins, minlength=len(counts))
    return tuple(counts.tolist()), zeros
