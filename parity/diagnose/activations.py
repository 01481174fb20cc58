"""Activation functions that stand where SiLU should."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache

import numpy as np

from parity.replay.arrays import Floats
from parity.replay.ops import silu

__all__ = ["ACTIVATIONS", "erf"]

_REACH, _STEPS = 6, 512


def erf(x: Floats) -> Floats:
    """The error function to 1e-12: cubic Hermite interpolation between exact values 1/512 apart.

    NumPy has none; the derivative ``2/√π · exp(-x²)`` is known, so a coarse table is enough. ±1 beyond 6.
    """
    values, slopes = _erf_table()
    place = np.clip((x + _REACH) * _STEPS, 0, values.size - 1 - 1e-9)
    index = place.astype(np.int64)
    t = place - index
    h = 1.0 / _STEPS
    low, high = values[index], values[index + 1]
    result: Floats = (
        low * (1 + 2 * t) * (1 - t) ** 2
        + high * t * t * (3 - 2 * t)
        + h * t * (1 - t) * (slopes[index] * (1 - t) - slopes[index + 1] * t)
    )
    return result


@cache
def _erf_table() -> tuple[Floats, Floats]:
    points = np.arange(-_REACH * _STEPS, _REACH * _STEPS + 1) / _STEPS
    values = np.array([math.erf(point) for point in points])
    return values, 2 / math.sqrt(math.pi) * np.exp(-points * points)


def _gelu_tanh(x: Floats) -> Floats:
    """Hendrycks & Gimpel 2016, arXiv 1606.08415: ``x/2 · (1 + tanh(√(2/π)(x + 0.044715 x³)))``."""
    result: Floats = x * 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return result


def _sigmoid(x: Floats) -> Floats:
    return 0.5 * (1 + np.tanh(0.5 * x))


def _mish(x: Floats) -> Floats:
    return x * np.tanh(np.logaddexp(0, x))


ACTIVATIONS: Mapping[str, Callable[[Floats], Floats]] = {
    "GELU": lambda x: x * 0.5 * (1 + erf(x / math.sqrt(2))),
    "GELU (tanh approximation)": _gelu_tanh,
    "quick GELU (x · sigmoid(1.702 x))": lambda x: silu(1.702 * x) / 1.702,
    "ReLU": lambda x: np.maximum(x, 0),
    "squared ReLU": lambda x: np.maximum(x, 0) ** 2,
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "softplus": lambda x: np.logaddexp(0, x),
    "mish": _mish,
    "ELU": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "leaky ReLU (0.01)": lambda x: np.where(x > 0, x, 0.01 * x),
    "hard swish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "absolute value": np.abs,
    "exp": lambda x: np.exp(np.minimum(x, 80)),
    "squared SiLU": lambda x: silu(x) ** 2,
    "SiLU twice": lambda x: silu(silu(x)),
}
"""By name, each elementwise."""
