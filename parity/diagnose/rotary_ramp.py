"""Frequencies that are divided by a factor at one end, kept at the other and mixed in between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parity.diagnose.frequencies import FrequencyFit
from parity.replay.arrays import Floats

__all__ = ["Ramp", "best_ramp", "ramp_through"]


_NARROWEST = 1e-12


@dataclass(frozen=True)
class Ramp:
    """By what each frequency is multiplied: 1 up to `start`, 1/`factor` from `stop` on, linear in between.

    Attributes:
        start, stop: in units of the coordinate that the ramp is linear in.
        factor: what the frequencies are divided by.
    """

    start: float
    stop: float
    factor: float

    def mix(self, coordinate: Floats, factor: float) -> Floats:
        """The multipliers ``[pair]`` with `factor` in place of the ramp's own."""
        return 1 - _share(coordinate, np.float64(self.start), np.float64(self.stop)) * (1 - 1 / factor)


def best_ramp(fit: FrequencyFit, plain: Floats, coordinate: Floats, ends: tuple[Floats, Floats]) -> Ramp | None:
    """The ramp that fits the frequencies best; the factor is solved in closed form for each start and stop.

    Args:
        fit: the candidate's frequencies.
        plain: frequencies before scaling, ``[pair]``.
        coordinate: what the ramp is linear in, increasing with the pair, ``[pair]``.
        ends: values to try for start and for stop.

    Returns:
        None where nothing is divided by more than 1.
    """
    start, stop = (axis.ravel() for axis in np.meshgrid(*ends, indexing="ij"))
    valid = start < stop
    start, stop = start[valid], stop[valid]
    share = _share(coordinate, start[:, None], stop[:, None])  # [ramp, pair]
    weights, lacking = fit.information * plain**2, 1 - fit.values / plain
    norm = (share**2) @ weights
    depth = np.divide((share * lacking) @ weights, norm, out=np.zeros_like(norm), where=norm > 0)  # 1 - 1/factor
    depth = np.minimum(depth, 0.999)
    cost = ((share * depth[:, None] - lacking) ** 2) @ weights
    cost = np.where(depth > 0, cost, np.inf)
    if cost.size == 0 or not np.isfinite(cost.min()):
        return None
    best = int(cost.argmin())
    return Ramp(float(start[best]), float(stop[best]), float(1 / (1 - depth[best])))


def ramp_through(fit: FrequencyFit, plain: Floats, coordinate: Floats, factor: float) -> Ramp | None:
    """The ramp of `factor` through some neighbouring pairs that fits best; each run of two or more is tried.

    Where a ramp is short, few pairs lie on it, and a search from ends that lie elsewhere has no slope to follow.
    """
    share = (1 - fit.values / plain) / (1 - 1 / factor)
    weights = fit.information * plain**2
    best, least = None, np.inf
    for low in range(plain.size - 1):
        for high in range(low + 2, plain.size + 1):
            slope, offset = np.polyfit(coordinate[low:high], share[low:high], 1, w=np.sqrt(weights[low:high]))
            if slope > 0:
                ramp = Ramp(float(-offset / slope), float((1 - offset) / slope), factor)
                cost = float(weights @ np.square(ramp.mix(coordinate, factor) - fit.values / plain))
                best, least = (ramp, cost) if cost < least else (best, least)
    return best


def _share(coordinate: Floats, start: Floats, stop: Floats) -> Floats:
    """0 up to `start`, 1 from `stop` on; a step where both are one."""
    share: Floats = np.clip((coordinate - start) / np.maximum(stop - start, _NARROWEST), 0.0, 1.0)
    return share
