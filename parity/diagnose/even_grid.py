"""Finding the step of values that lie on an even grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parity.replay.arrays import Floats

__all__ = ["EvenGrid", "even_grid"]

_MOST_LEVELS = 512
_FEWEST_VALUES = 24
_OFF_GRID = 0.1
_MOST_SAMPLED = 50_000


@dataclass(frozen=True)
class EvenGrid:
    """Values ``offset + step · integer``.

    Attributes:
        step: distance of neighbours.
        offset: the grid point next to zero.
        levels: how many grid points lie between least and largest value, both included.
    """

    step: float
    offset: float
    levels: int

    @property
    def through_zero(self) -> bool:
        """Whether zero is a grid point."""
        return abs(self.offset) < _OFF_GRID * self.step


def even_grid(values: Floats, unit_roundoff: float) -> EvenGrid | None:
    """The grid that `values` ``[n]``, stored with that unit roundoff, lie on; None where there is none.

    The smallest gap between neighbouring values is a whole number of steps, most often one; the step is then
    refined by least squares over all values. Values without a grid have about as many levels as values.
    """
    if values.size < _FEWEST_VALUES:
        return None
    ordered = np.sort(values[:: max(1, values.size // _MOST_SAMPLED)])
    blur = 4 * unit_roundoff * max(abs(ordered[0]), abs(ordered[-1]))
    gaps = np.diff(ordered)
    real = gaps[gaps > blur]
    if not 2 <= real.size < _MOST_LEVELS:
        return None
    step, start, numbers = float(np.median(real[real < 1.5 * real.min()])), 0.0, np.zeros(0)
    for _ in range(3):
        if step < 2 * blur:
            return None
        numbers = np.concatenate([[0], np.cumsum(np.rint(gaps / step))])
        if not 2 <= numbers[-1] <= _MOST_LEVELS:
            return None
        step, start = (float(number) for number in np.polyfit(numbers, ordered, 1))
    off = (ordered - start - step * numbers) / step
    if np.sqrt(np.mean(off * off)) > _OFF_GRID:
        return None
    return EvenGrid(step, start - step * round(start / step), int(numbers[-1]) + 1)
