"""Scaled dot-product attention with grouped queries (Ainslie et al. 2023, arXiv 2305.13245)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from parity.replay.arrays import Floats
from parity.replay.ops.probabilities import probabilities
from parity.replay.ops.scores import scores

__all__ = ["attention", "attention_mask", "attention_sensitivity", "attention_values"]


def attention(q: Floats, k: Floats, v: Floats, mask: npt.NDArray[np.bool_], *, scale: float) -> Floats:
    """``softmax(scale · q kᵀ, masked) v``.

    Args:
        q: ``[batch, query, head, channel]``.
        k, v: ``[batch, key, kv_head, channel]``.
        mask: True where a query sees a key, ``[batch, query, key]``.
        scale: factor on the scores.

    Returns:
        ``[batch, query, head, channel]``.
    """
    return attention_values(probabilities(scores(q, k, scale=scale), mask[:, None]), v)


def attention_sensitivity(q: Floats, k: Floats, v: Floats, mask: npt.NDArray[np.bool_], *, scale: float) -> Floats:
    """Root mean square change of the output where each score has an independent error of the size of its terms.

    With probabilities p, output y and σ_j = scale·Σ|q_c k_jc|, by first order:

        Σ_heads Σ_j (p_j σ_j)² ‖v_j - y‖²

    Where two keys compete, an output hangs on the one number by which their scores differ, and is as noisy as that;
    where one key has all the weight, nothing reaches it. Neither shows in the size of the output.

    Args:
        q, k, v, mask, scale: as for `attention`.

    Returns:
        ``[batch, query]``, in units of one relative error of the scores' terms.
    """
    shared = np.repeat(v, q.shape[2] // v.shape[2], axis=2).transpose(0, 2, 1, 3)  # [batch, head, key, channel]
    weights = probabilities(scores(q, k, scale=scale), mask[:, None])  # [batch, head, query, key]
    output = weights @ shared  # [batch, head, query, channel]
    spread = np.square(weights * scores(np.abs(q), np.abs(k), scale=scale))
    squares = (spread @ np.square(shared).sum(axis=-1, keepdims=True))[..., 0]  # [batch, head, query]
    squares += spread.sum(axis=-1) * np.square(output).sum(axis=-1) - 2 * ((spread @ shared) * output).sum(axis=-1)
    found: Floats = np.sqrt(np.maximum(squares, 0.0).sum(axis=1))  # rounding may leave a little below zero
    return found


def attention_values(weights: Floats, v: Floats) -> Floats:
    """Sum of `v` ``[batch, key, kv_head, channel]`` under `weights` ``[batch, head, query, key]``."""
    shared = np.repeat(v, weights.shape[1] // v.shape[2], axis=2).transpose(0, 2, 1, 3)  # [batch, head, key, channel]
    context: Floats = (weights @ shared).transpose(0, 2, 1, 3)  # [batch, query, head, channel]
    return context


def attention_mask(mask: npt.NDArray[np.bool_], *, window: int | None = None) -> npt.NDArray[np.bool_]:
    """Causal mask over real tokens.

    Args:
        mask: True at real tokens, ``[batch, token]``.
        window: a query sees itself and the `window` - 1 tokens before it; None for the whole past.

    Returns:
        True where a query sees a key, ``[batch, query, key]``.
    """
    token = mask.shape[1]
    distance = np.arange(token)[:, None] - np.arange(token)[None, :]  # [query, key]
    causal = (distance >= 0) if window is None else (distance >= 0) & (distance < window)
    visible: npt.NDArray[np.bool_] = causal[None] & mask[:, None, :]
    return visible
