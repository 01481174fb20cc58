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
    visible = np.where(mask, scores, -np.inf)
    highest = visible.max(axis=-1, keepdims=True)
    weights = np.exp(visible - np.where(np.isfinite(highest), highest, 0.0))
    total = weights.sum(axis=-1, keepdims=True)
    normalised: Floats = weights / np.where(total == 0, 1.0, total)
    return normalised
