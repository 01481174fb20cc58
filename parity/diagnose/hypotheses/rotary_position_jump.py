"""Positions that are right up to some token and moved from there on."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.positions import position_predictions, solved_positions, usual
from parity.diagnose.rotation import rotation_of, turning
from parity.replay.arrays import Floats

__all__ = ["ROTARY_POSITION_JUMP"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """A hole in the cache, or a second chunk that counts from elsewhere: p below N, p + k from N on."""
    solved = solved_positions(case)
    moved = solved.shift[solved.shift != 0]
    if moved.size == 0 or moved.size == solved.shift.size:
        return ()
    shift = usual(moved)
    start = _start(case, shift)
    sentence = f"positions are {abs(shift)} too {'large' if shift > 0 else 'small'} from position {start:.0f} on"
    return position_predictions(case, [(sentence, lambda rows: rows.positions + shift * (rows.positions >= start), 2)])


def _start(case: SourceCase, shift: int) -> float:
    """The first moved position: where what rows before it leave as they are, and rows from it on moved, is least."""
    rotation = rotation_of(case)
    positions, turns = rotation.rows.positions, rotation.turns
    order = np.argsort(positions, kind="stable")

    def left(moved: int) -> Floats:
        model = turning(rotation.frequencies, scale=rotation.scale, positions=lambda rows: rows.positions + moved)
        errors: Floats = (turns.weights * np.abs(turns.factors - model.factors(rotation.rows)) ** 2).sum(axis=1)
        return errors[order]

    cost = np.append(0.0, np.cumsum(left(0))) + np.append(np.cumsum(left(shift)[::-1])[::-1], 0.0)
    place = int(cost.argmin())
    return float(positions[order][min(place, order.size - 1)])


ROTARY_POSITION_JUMP = Hypothesis("rotary_position_jump", ("rotary",), _predict, rank=4)
