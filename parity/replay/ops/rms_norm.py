"""Root mean square norm (Zhang & Sennrich 2019, arXiv 1910.07467), as Qwen has it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from parity.replay.arrays import Floats, widened

__all__ = ["rms_norm"]


def rms_norm(x: Floats, weight: npt.NDArray[Any], *, epsilon: float) -> Floats:
    """``x / sqrt(mean(x²) + ε) · w`` over the last axis; `weight` has its length."""
    mean_square = np.mean(x * x, axis=-1, keepdims=True)
    normalised: Floats = x / np.sqrt(mean_square + epsilon)
    return normalised * widened(weight)
