"""Rotary position embedding (Su et al. 2021, arXiv 2104.09864) in the half-rotation form of GPT-NeoX and Qwen."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from parity.replay.arrays import Floats

__all__ = ["rotary", "rotate_half"]


def rotary(
    x: Floats,
    positions: npt.NDArray[np.integer] | Floats,
    inverse_frequencies: npt.NDArray[np.floating],
    *,
    scale: float = 1.0,
) -> Floats:
    """Rotate channel pairs ``(i, i + d/2)`` by the angle ``position · inverse_frequencies[i]``.

    Args:
        x: ``[batch, token, head, d]``.
        positions: ``[batch, token]``.
        inverse_frequencies: ``[d / 2]``.
        scale: factor on cos and sin.
    """
    angles = positions[..., None].astype(np.float64) * inverse_frequencies.astype(np.float64)  # [batch, token, d/2]
    doubled = np.concatenate([angles, angles], axis=-1)[:, :, None, :]  # [batch, token, 1, d]
    rotated: Floats = x * np.cos(doubled) + rotate_half(x) * np.sin(doubled)
    return rotated * scale


def rotate_half(x: Floats) -> Floats:
    """``(-x₂, x₁)`` for the two halves of the last axis."""
    half = x.shape[-1] // 2
    return np.concatenate([-x[..., half:], x[..., :half]], axis=-1)
