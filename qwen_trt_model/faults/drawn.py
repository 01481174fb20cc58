"""Sizes that are drawn at random."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Size

__all__ = ["uniform"]


def uniform(
    draw: Callable[[float], Size], low: float, high: float
) -> Callable[[np.random.Generator, QwenConfig], Size]:
    """A size of a number between `low` and `high`, to three digits."""
    return lambda rng, config: draw(float(f"{rng.uniform(low, high):.3g}"))
