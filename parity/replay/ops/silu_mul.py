"""Gated activation (SwiGLU, Shazeer 2020, arXiv 2002.05202)."""

from __future__ import annotations

import numpy as np

from parity.replay.arrays import Floats

__all__ = ["silu", "silu_mul"]


def silu_mul(gate: Floats, up: Floats) -> Floats:
    """``silu(gate) · up``, both ``[batch, token, channel]``."""
    return silu(gate) * up


def silu(x: Floats) -> Floats:
    """``x / (1 + exp(-x))``, without overflow."""
    return x * 0.5 * (1.0 + np.tanh(0.5 * x))
