"""Distances between neighbouring numbers of a dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.dtypes import dtype_info

__all__ = ["rounding_error", "step"]

_SMALLEST = {"float16": 2.0**-24, "bfloat16": 2.0**-133, "float32": 2.0**-149, "float64": 2.0**-1074}


def step(dtype: np.dtype[Any]) -> float:
    """The distance from 1 to the next number."""
    return 2 * dtype_info(str(dtype)).unit_roundoff


def rounding_error(exact: Any, dtype: np.dtype[Any]) -> Any:
    """How far a number of `dtype` may be from `exact`, of which it is one rounding, and a little more."""
    return 0.75 * step(dtype) * np.abs(exact) + _SMALLEST[str(dtype)]
