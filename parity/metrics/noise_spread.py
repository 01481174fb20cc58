"""How the noise of one operation is spread over tokens, fitted to the one draw of it that a floor run is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["NoiseSpread", "noise_spread"]

Floats = npt.NDArray[np.float64]

_STEPS = 8


@dataclass(frozen=True)
class NoiseSpread:
    """Noise as ``sqrt(of_sensitivity² sensitivity² + of_size² size²)``."""

    of_sensitivity: float
    of_size: float

    def at(self, size: Floats, sensitivity: Floats) -> Floats:
        """The noise of tokens of that size and sensitivity, all ``[row]``."""
        noise: Floats = np.hypot(self.of_sensitivity * sensitivity, self.of_size * size)
        return noise


def noise_spread(error: Floats, size: Floats, sensitivity: Floats) -> NoiseSpread:
    """The spread that fits `error` best.

    The square of a draw of noise scatters as much as it is large, so squares are weighted by the fit itself.

    Args:
        error: norm of the noise that was drawn at each token, ``[row]``.
        size: norm of the output at each token, ``[row]``.
        sensitivity: how much noise the operation makes at each token beside others, in any unit, ``[row]``.
    """
    counted = (size > 0) & (error > 0)
    if not counted.any():
        return NoiseSpread(0.0, 0.0)
    terms = np.stack([np.square(sensitivity), np.square(size)], axis=1)[counted]  # [row, term]
    target = np.square(error[counted])
    # No token has less noise than the quietest one, for its size: without this, insensitive ones would weigh without
    # bound.
    least = terms[:, 1] * float((target / terms[:, 1]).min())
    factors, fitted = np.zeros(2), np.full_like(target, target.mean())
    for _ in range(_STEPS):
        factors = _fit(terms, target, 1 / np.maximum(fitted, least))
        fitted = terms @ factors
    return NoiseSpread(*map(float, np.sqrt(factors)))


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
