"""Attention scores before the mask."""

from __future__ import annotations

import numpy as np

from parity.replay.arrays import Floats

__all__ = ["scores"]


def scores(q: Floats, k: Floats, *, scale: float) -> Floats:
    """``scale · q·k`` with each key head shared by a group of query heads.

    Args:
        q: ``[batch, query, head, channel]``.
        k: ``[batch, key, kv_head, channel]``; query head h reads key head ``h // (heads / kv_heads)``.
        scale: usually ``1 / sqrt(channel)``.

    Returns:
        ``[batch, head, query, key]``.
    """
    shared = np.repeat(k, q.shape[2] // k.shape[2], axis=2)  # [batch, key, head, channel]
    product: Floats = q.transpose(0, 2, 1, 3) @ shared.transpose(0, 2, 3, 1)  # [batch, head, query, key]
    return product * scale
