"""Linear maps: q, k, v, attention output, gate, up, MLP output, logits."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from parity.replay.arrays import Floats, widened

__all__ = ["linear"]


def linear(x: Floats, weight: npt.NDArray[Any], bias: npt.NDArray[Any] | None = None) -> Floats:
    """``x Wᵀ + b``.

    Args:
        x: ``[batch, token, in]``, or ``[batch, token, head, channel]`` with head·channel = in.
        weight: ``[out, in]``, as PyTorch stores it.
        bias: ``[out]``, or None.

    Returns:
        ``[batch, token, out]``.
    """
    flat = x.reshape(*x.shape[:2], -1)  # [batch, token, in]
    y: Floats = flat @ widened(weight).T  # [batch, token, out]
    return y if bias is None else y + widened(bias)
