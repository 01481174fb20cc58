"""Families of frequencies with one parameter, solved from the fitted frequency of each pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parity.diagnose.fitting import least_squares
from parity.diagnose.frequencies import FrequencyFit, plain_base
from parity.diagnose.rotation import Rotation
from parity.replay.arrays import Floats

__all__ = ["USUAL_BASES", "SolvedBase", "fit_base", "solved_base"]

USUAL_BASES = {
    1e4: "the default of most RoPE code",
    1e5: "the default of TensorRT-LLM's QWenConfig",
    5e5: "Llama 3's",
    1e6: "Qwen2's and Qwen3's",
    5e6: "Qwen3-2507's",
    1e7: "Qwen2.5-1M's",
}

_LOWEST, _HIGHEST, _GRID = 1.5, 1e12, 400


@dataclass(frozen=True)
class SolvedBase:
    """A base that fits a candidate.

    Attributes:
        base: the candidate's.
        reference_base: the reference's.
    """

    base: float
    reference_base: float


def solved_base(rotation: Rotation) -> SolvedBase | None:
    """The base whose frequencies fit the candidate's best; None where a single pair can't tell."""
    reference_base = plain_base(rotation.frequencies)
    if not np.isfinite(reference_base) or rotation.fit.distinct_positions == 0:
        return None
    return SolvedBase(fit_base(rotation.fit, rotation.frequencies), reference_base)


def fit_base(fit: FrequencyFit, frequencies: Floats) -> float:
    """The base b for which the reference's `frequencies` times (b/b_reference)^(-i/pairs) fit best."""
    reference_base, share = plain_base(frequencies), np.arange(frequencies.size) / frequencies.size

    def model(theta: Floats) -> Floats:
        shifted: Floats = frequencies * np.exp(-share * (theta[0] - np.log(reference_base)))
        return shifted

    grid = np.linspace(np.log(_LOWEST), np.log(_HIGHEST), _GRID)
    costs = [float(fit.information @ (model(np.array([point])) - fit.values) ** 2) for point in grid]
    start = grid[int(np.argmin(costs))]
    theta, _ = least_squares(model, [start], target=fit.values, weights=fit.information, low=[0.0], high=[99.0])
    return float(np.exp(theta[0]))
