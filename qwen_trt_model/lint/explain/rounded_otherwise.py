"""The right values, cast by another way than one rounding to nearest even."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt

from qwen_trt_model.casting import bits
from qwen_trt_model.lint.explain.mismatch import Explanation, Mismatch
from qwen_trt_model.lint.values import Wanted, rounded_to, rounding_error

__all__ = ["explain_rounded_otherwise"]

Array = npt.NDArray[Any]
Cast = Callable[[Array, "np.dtype[Any]"], Array]

_CURE = "cast from the stored weights to {dtype} at once, to nearest even, as TensorRT-LLM's converters do"
_UNITS = 2.0
_DETOUR = 2.0**-6
"""rel-L2 beyond which it is no matter of rounding: a detour through bfloat16 costs 2^-9."""


def _through(middle: npt.DTypeLike) -> Cast:
    return lambda array, dtype: rounded_to(rounded_to(array, np.dtype(middle)), dtype)


def _towards_zero(array: Array, dtype: np.dtype[Any]) -> Array:
    nearest = rounded_to(array, dtype)
    too_large = np.abs(nearest.astype(np.float64)) > np.abs(array.astype(np.float64))
    stepped = bits(nearest) - too_large.astype(bits(nearest).dtype)  # magnitudes are ordered as their bits are
    return np.ascontiguousarray(stepped).view(dtype)


_CASTS: Mapping[str, Cast] = {
    "rounded to bfloat16 first": _through(ml_dtypes.bfloat16),
    "rounded to float16 first": _through(np.float16),
    "cut off towards zero instead of rounded": _towards_zero,
}


def explain_rounded_otherwise(mismatch: Mismatch) -> Explanation | None:
    """Try other ways to cast at a few rows and then at all; else say how many units in the last place are missing."""
    cure = _CURE.format(dtype=mismatch.found.dtype)
    if not mismatch.differences.error <= _DETOUR:
        return None
    exact = Wanted(mismatch.wanted.source, mismatch.pieces, np.dtype(np.float64))
    for name, cast in _CASTS.items():
        if _gives(exact, cast, mismatch):
            return Explanation("rounded_otherwise", f"{_count(mismatch)} differ: {name}", cure, "warning")
    if _within(mismatch):
        found = f"{_count(mismatch)} are off by up to {_UNITS:g} units in the last place"
        return Explanation("rounded_otherwise", found, cure, "warning")
    return None


def _gives(exact: Wanted, cast: Cast, mismatch: Mismatch) -> bool:
    for start, block in exact.blocks():
        found = mismatch.found[start : start + len(block)]
        if not np.array_equal(cast(block, mismatch.found.dtype), found):
            return False
    return True


def _within(mismatch: Mismatch) -> bool:
    for start, block in mismatch.wanted.blocks():
        wanted, found = (a.astype(np.float64) for a in (block, mismatch.found[start : start + len(block)]))
        if not (np.abs(found - wanted) <= 2 * _UNITS * rounding_error(wanted, mismatch.found.dtype)).all():
            return False
    return True


def _count(mismatch: Mismatch) -> str:
    return f"{mismatch.differences.count} of {mismatch.differences.elements} values"
