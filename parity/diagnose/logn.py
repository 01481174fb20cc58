"""The logarithmic scale of Qwen-1 and its length, solved from a scale at each token."""

from __future__ import annotations

import numpy as np

from parity.replay.arrays import Floats

__all__ = ["logn_scale", "solved_length"]

_TRIED = 512
_BEYOND = 64


def logn_scale(positions: Floats, length: int, *, clamped: bool) -> Floats:
    """log(p + 1)/log(L) at `positions`; no less than 1 if `clamped`, as Qwen-1 has it."""
    ratio: Floats = np.log(np.maximum(positions, 0.0) + 1) / np.log(length)
    return np.maximum(ratio, 1.0) if clamped else ratio


def solved_length(positions: Floats, scales: Floats, weights: Floats, *, clamped: bool) -> int | None:
    """The L whose scale fits `scales` best; all arrays are ``[row]``. None where no position is beyond 2."""
    longest = int(positions.max()) + 1
    highest = longest if clamped else _BEYOND * longest
    if longest < 3:
        return None
    coarse = np.unique(np.geomspace(2, highest, _TRIED).astype(np.int64))
    best = int(np.argmin([_cost(positions, scales, weights, int(length), clamped) for length in coarse]))
    low, high = coarse[max(best - 1, 0)], coarse[min(best + 1, coarse.size - 1)]
    fine = np.unique(np.linspace(low, high, _TRIED).astype(np.int64))
    return int(fine[np.argmin([_cost(positions, scales, weights, int(length), clamped) for length in fine])])


def _cost(positions: Floats, scales: Floats, weights: Floats, length: int, clamped: bool) -> float:
    return float(weights @ (logn_scale(positions, length, clamped=clamped) - scales) ** 2)
