"""How the noise of one operation is spread over tokens, fitted to the one draw of it that a floor run is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["noise_spread"]

Floats = npt.NDArray[np.float64]

_STEPS = 8


def noise_spread(error: Floats, size: Floats, sensitivity: Floats) -> Floats:
    """``sqrt(a² sensitivity² + b² size²)`` with the a and b, not negative, that fit `error` best.

    The square of a draw of noise scatters as much as it is large, so squares are weighted by the fit itself.

    Args:
        error: norm of the noise that was drawn at each token, ``[row]``.
        size: norm of the output at each token, ``[row]``.
        sensitivity: see `parity.metrics.TokenFloor`, ``[row]``.
    """
    terms = np.stack([np.square(sensitivity), np.square(size)], axis=1)  # [row, term]
    counted = (size > 0) & (error > 0)
    if not counted.any():
        return np.zeros_like(error)
    used, target = terms[counted], np.square(error[counted])
    # No token has less noise than the quietest one, for its size: without this, insensitive ones would weigh without
    # bound.
    least = used[:, 1] * float((target / used[:, 1]).min())
    fitted = np.full_like(target, target.mean())
    factors = np.zeros(2)
    for _ in range(_STEPS):
        factors = _fit(used, target, 1 / np.maximum(fitted, least))
        fitted = used @ factors
    spread: Floats = np.sqrt(terms @ factors)
    return spread


def _fit(terms: Floats, target: Floats, weights: Floats) -> Floats:
    """The best factors that are not negative: both, or the better one alone."""
    weighted, aim = terms * weights[:, None], target * weights
    both = np.linalg.lstsq(weighted, aim, rcond=None)[0]
    if (both >= 0).all():
        return np.asarray(both)
    sizes = (weighted * weighted).sum(axis=0)
    alone = np.divide(weighted.T @ aim, sizes, out=np.zeros(2), where=sizes > 0)  # [term]
    left = [float(np.square(aim - factor * column).sum()) for factor, column in zip(alone, weighted.T, strict=True)]
    return np.where(np.arange(2) == int(np.argmin(left)), alone, 0.0)
