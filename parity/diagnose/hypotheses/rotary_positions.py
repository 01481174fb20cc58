"""Positions that follow no known rule."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.positions import position_predictions, solve_positions, solved_positions
from parity.diagnose.rotation import rotation_at, rotation_of
from parity.diagnose.token_rows import Integers
from parity.replay.arrays import Floats

__all__ = ["ROTARY_POSITIONS"]

_FEWEST_PAIRS = 4
_LEAST_SHARE = 0.9
_MARGIN = 8
_SHOWN = 6


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Each token's position solved by itself: says that the fault is in the positions, not which it is."""
    some, total = solved_positions(case), int(case.reference.tokens.mask.sum())
    if rotation_of(case).pairs < _FEWEST_PAIRS or some.share < _LEAST_SHARE:
        return ()
    solved = solve_positions(rotation_at(case, np.arange(total)), np.arange(total), pool=_pool(case))
    table = np.zeros(case.reference.tokens.mask.shape)  # [batch, token]
    table[solved.rows.prompts, solved.rows.places] = solved.found
    shown = ", ".join(f"{given:.0f} → {found}" for given, found in _examples(some.rows.positions, some.found))
    sentence = f"tokens are rotated by other positions: {shown} …"
    return position_predictions(case, [(sentence, lambda rows: table[rows.prompts, rows.places], total)])


def _pool(case: SourceCase) -> Integers:
    """The positions that some tokens were found at, and those that were given."""
    seen = np.concatenate([solved_positions(case).found, case.reference.tokens.positions.ravel()])
    return np.arange(int(seen.min()) - _MARGIN, int(seen.max()) + _MARGIN)


def _examples(given: Floats, found: Integers) -> list[tuple[float, int]]:
    moved = np.flatnonzero(given != found)[:_SHOWN]
    return [(float(given[row]), int(found[row])) for row in moved]


ROTARY_POSITIONS = Hypothesis("rotary_positions", ("rotary",), _predict, rank=60)
