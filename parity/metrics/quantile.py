"""Exact quantiles without a full sort."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from parity.metrics.differences import Floats

__all__ = ["quantiles"]


def quantiles(values: Floats, fractions: Sequence[float]) -> tuple[float, ...]:
    """The quantiles of `values` (flat, not empty, reordered in place), linearly interpolated as `numpy.quantile` does.

    Args:
        values: float64, shape ``[n]``; its order is lost.
        fractions: each from 0 to 1.
    """
    places = [fraction * (values.size - 1) for fraction in fractions]
    ranks = sorted({rank for place in places for rank in (int(place), min(int(place) + 1, values.size - 1))})
    values.partition(ranks)
    return tuple(_between(values, place) for place in places)


def _between(values: Floats, place: float) -> float:
    low = int(place)
    high = min(low + 1, values.size - 1)
    return float(values[low] + (values[high] - values[low]) * np.float64(place - low))
