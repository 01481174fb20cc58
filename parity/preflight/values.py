"""Looking at stored arrays without reading more of them than is needed."""

from __future__ import annotations

from typing import Any

import ml_dtypes  # noqa: F401  (numpy casts bfloat16 only where this was imported)
import numpy as np
import numpy.typing as npt

__all__ = ["relative_distance", "same_values", "sample"]

Array = npt.NDArray[Any]

_FIRST = 2**12
_CHUNK = 2**20
_SAMPLED = 2**13


def same_values(one: Array, other: Array) -> bool:
    """Whether both hold the same numbers, NaN equal to itself, whatever they are stored in.

    Arrays of one dtype are compared bit by bit. The first few thousand elements are looked at first, since arrays
    that differ mostly differ there.
    """
    if one.size != other.size:
        return False
    one, other = one.reshape(-1), other.reshape(-1)
    starts = [0, *range(_FIRST, one.size, _CHUNK)]
    stops = [*starts[1:], one.size]
    return all(_same_chunk(one[a:b], other[a:b]) for a, b in zip(starts, stops, strict=True))


def relative_distance(one: Array, other: Array) -> float:
    """‖one - other‖ ÷ ‖other‖ over at most some ten thousand elements, spread evenly; infinite where not finite."""
    a, b = (sample(array).astype(np.float64) for array in (one, other))
    length = float(np.linalg.norm(b))
    difference = float(np.linalg.norm(a - b))
    if not np.isfinite(difference) or not np.isfinite(length):
        return float("inf")
    return difference / length if length else float("inf") if difference else 0.0


def sample(array: Array) -> Array:
    """At most some ten thousand elements, flat: runs of neighbours, spread evenly over the array."""
    flat = array.reshape(-1)
    if flat.size <= _SAMPLED:
        return flat
    runs, length = 16, _SAMPLED // 16
    starts = np.linspace(0, flat.size - length, runs).astype(np.intp)
    return np.concatenate([flat[start : start + length] for start in starts])


def _same_chunk(one: Array, other: Array) -> bool:
    if one.dtype == other.dtype:
        return one.tobytes() == other.tobytes()
    return np.array_equal(one.astype(np.float64), other.astype(np.float64), equal_nan=True)
