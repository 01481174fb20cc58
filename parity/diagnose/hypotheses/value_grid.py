"""An output on an even grid, as integer quantisation of it leaves behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns
from parity.diagnose.even_grid import EvenGrid, even_grid
from parity.diagnose.hypothesis import CHANNEL_OPERATIONS, Hypothesis, Prediction
from parity.diagnose.intervals import nearest_in
from parity.replay.arrays import Floats

__all__ = ["VALUE_GRID"]

_PROBED_GROUPS = 16
_MOST = 0.9
_SHARED = ("tensor", "head", "token", "channel")


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """A grid for everything, for each head, each token or each channel: the first kind that is there."""
    for shared in _SHARED:
        if shared == "head" and "head" not in case.tap.axes:
            continue
        groups = _groups(case, shared)
        if not _mostly(_grids(case, groups[:_PROBED_GROUPS])):
            continue
        grids = _grids(case, groups)
        found = [grid for grid in grids if grid is not None]
        if _mostly(grids):
            step = _placed(case, shared, np.array([0.0 if grid is None else grid.step for grid in grids]))
            yield from _roundings(case, step, _sentence(found, shared), 2 * len(found))
            return


def _roundings(case: SourceCase, step: Floats, grid: str, fitted: int) -> Iterator[Prediction]:
    """Values rounded to nearest, downwards, or towards zero; or to nearest, then moved by a wrong zero point."""
    output = case.output
    yield Prediction(grid, nearest_in(case, output - step / 2, output + step / 2), fitted)
    yield Prediction(f"{grid}, rounded downwards", nearest_in(case, output, output + step), fitted)
    low, high = np.where(output <= 0, output - step, output), np.where(output >= 0, output + step, output)
    yield Prediction(f"{grid}, cut off towards zero", nearest_in(case, low, high), fitted)
    residual = columns(case, case.residual)
    moved = float(residual.min() + residual.max()) / 2  # rounding errors fill a step evenly
    sentence = f"{grid}, and is moved by {moved:.4g}"
    yield Prediction(sentence, nearest_in(case, output - moved - step / 2, output - moved + step / 2), fitted + 1)


def _grids(case: SourceCase, groups: list[Floats]) -> list[EvenGrid | None]:
    return [even_grid(values, case.dtype.unit_roundoff) for values in groups]


def _mostly(grids: list[EvenGrid | None]) -> bool:
    return sum(grid is not None for grid in grids) >= max(1, _MOST * len(grids))


def _groups(case: SourceCase, shared: str) -> list[Floats]:
    values = case.rows(case.output).values  # [row, head, channel]
    if shared == "tensor":
        return [values.ravel()]
    if shared == "token":
        return [row.ravel() for row in values]
    if shared == "head":
        return [values[:, head].ravel() for head in range(values.shape[1])]
    return list(values.reshape(len(values), -1).T)


def _placed(case: SourceCase, shared: str, steps: Floats) -> Floats:
    """The step of every element, broadcastable to the axes of the tap."""
    if shared == "tensor":
        return steps
    if shared == "head":
        return steps[:, None]
    if shared == "channel":
        return steps.reshape(case.output.shape[2:])
    placed = np.zeros(case.output.shape[:2])
    placed[case.reference.tokens.mask] = steps
    return placed.reshape(*placed.shape, *[1] * (case.output.ndim - 2))


def _sentence(grids: list[EvenGrid], shared: str) -> str:
    steps, levels = [grid.step for grid in grids], max(grid.levels for grid in grids)
    bits = int(np.ceil(np.log2(levels)))
    size = f"{steps[0]:.4g}" if len(steps) == 1 else f"{min(steps):.4g} to {max(steps):.4g}"
    offsets = "" if all(grid.through_zero for grid in grids) else ", not through zero"
    per = "" if shared == "tensor" else f", one for each {shared}"
    return f"the output lies on a grid with step {size}{per} (at most {levels} levels: {bits} bits{offsets})"


VALUE_GRID = Hypothesis("value_grid", CHANNEL_OPERATIONS, _predict, rank=5, needs_all_tokens=True)
