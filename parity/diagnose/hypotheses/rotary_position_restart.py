"""Positions that start again, or count in groups."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.positions import PositionRule, position_predictions, solved_positions, usual

__all__ = ["ROTARY_POSITION_RESTART"]

_GROUPS = range(2, 65)


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """p mod n: each block of n tokens counts from 0; floor(p/n): n tokens share a position."""
    solved = solved_positions(case)
    behind = -solved.shift[solved.shift < 0]
    if behind.size == 0:
        return ()
    rules: list[tuple[str, PositionRule, int]] = []
    for block in {int(behind.min()), usual(behind)}:
        rules.append((f"positions start again at 0 every {block} tokens", _modulo(block), 1))
    agreeing = [float((solved.rows.positions // group == solved.found).mean()) for group in _GROUPS]
    group = _GROUPS[int(np.argmax(agreeing))]
    rules.append((f"{group} tokens share each position", lambda rows: np.floor(rows.positions / group), 1))
    return position_predictions(case, rules)


def _modulo(block: int) -> PositionRule:
    return lambda rows: np.mod(rows.positions, block)


ROTARY_POSITION_RESTART = Hypothesis("rotary_position_restart", ("rotary",), _predict, rank=3)
