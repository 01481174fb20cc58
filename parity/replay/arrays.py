"""The one array type of replay."""

from __future__ import annotations

from typing import Any

import ml_dtypes  # noqa: F401  (numpy casts bfloat16 only where this was imported)
import numpy as np
import numpy.typing as npt

__all__ = ["Floats", "widened"]

Floats = npt.NDArray[np.float64]


def widened(array: npt.NDArray[Any]) -> Floats:
    """`array` in float64, itself where it is; exact for every dtype that taps and weights are stored in."""
    return array.astype(np.float64, copy=False)
