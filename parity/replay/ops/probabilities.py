"""Masked softmax."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from parity.replay.arrays import Floats

__all__ = ["probabilities"]


def probabilities(scores: Floats, mask: npt.NDArray[np.bool_]) -> Floats:
    """Softmax over the visible keys.

    Args:
        scores: ``[batch, head, query, key]``.
        mask: True where a query sees a key, broadcastable to `scores`; a query that sees none gets zeros.
    """
    weights: Floats = np.where(mask, scores, -np.inf)
    highest = weights.max(axis=-1, keepdims=True)
    weights -= np.where(np.isfinite(highest), highest, 0.0)
    np.exp(weights, out=weights)  # in place: the largest array of replay, made once instead of four times
    total = weights.sum(axis=-1, keepdims=True)
    weights /= np.where(total == 0, 1.0, total)
    return weights
