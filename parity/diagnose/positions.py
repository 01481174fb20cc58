"""The position that a candidate rotated each token by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Prediction
from parity.diagnose.remembered import remembered
from parity.diagnose.rotation import Rotation, rotary_predictions, rotation_of, turning
from parity.diagnose.token_rows import Integers, TokenRows, spread
from parity.replay.arrays import Floats

__all__ = ["PositionRule", "SolvedPositions", "position_predictions", "solve_positions", "solved_positions", "usual"]

PositionRule = Callable[[TokenRows], Floats]
"""Positions of tokens, ``[row]``."""

_ROWS = 160
_MARGIN = 64
_LEAST_SPAN = 4096


@dataclass(frozen=True, eq=False)
class SolvedPositions:
    """What position each of some tokens was rotated by.

    Attributes:
        rows: which tokens.
        found: the whole number that fits best, ``[row]``.
        shift: `found` minus the given position, ``[row]``.
        share: the share of these tokens' residual that `found` explains.
    """

    rows: TokenRows
    found: Integers
    shift: Integers
    share: float


@remembered
def solved_positions(case: SourceCase) -> SolvedPositions:
    """The positions of at most 160 evenly spread tokens."""
    rotation, total = rotation_of(case), int(case.reference.tokens.mask.sum())
    longest = int(np.abs(rotation.rows.positions).max())
    pool = np.arange(-longest - _MARGIN, max(longest + total, _LEAST_SPAN) + _MARGIN)
    return solve_positions(rotation, spread(len(rotation.rows), _ROWS), pool=pool)


def solve_positions(rotation: Rotation, chosen: Integers, *, pool: Integers) -> SolvedPositions:
    """Search the position of each chosen row of `rotation` in the increasing `pool`, which holds the given ones.

    The best position maximises Re Σ conj(z_in e^(iωp)) z_out, over pairs and heads.
    """
    rows, turns = rotation.rows.take(chosen), rotation.turns
    turned = (turns.factors * turns.weights)[chosen]  # [row, pair]
    fit = (turned @ np.exp(-1j * rotation.frequencies[:, None] * pool)).real  # [row, position]
    given = rows.positions.astype(np.int64)
    own = fit[np.arange(len(rows)), np.searchsorted(pool, given)]
    best = fit.argmax(axis=1)
    kept = own >= fit.max(axis=1) * (1 - 1e-12)  # a token that carries nothing fits everywhere
    found = np.where(kept, given, pool[best])
    return SolvedPositions(rows, found, found - given, _share(rotation, chosen, found.astype(np.float64)))


def _share(rotation: Rotation, chosen: Integers, found: Floats) -> float:
    rows, turns = rotation.rows.take(chosen), rotation.turns

    def left(positions: Floats) -> float:
        model = turning(rotation.frequencies, scale=rotation.scale, positions=lambda _: positions)
        return float(np.sum(turns.weights[chosen] * np.abs(turns.factors[chosen] - model.factors(rows)) ** 2))

    whole = left(rows.positions)
    return 1 - left(found) / whole if whole > 0 else 0.0


def position_predictions(case: SourceCase, rules: Iterable[tuple[str, PositionRule, int]]) -> Iterator[Prediction]:
    """The best of some rules for positions, each with its sentence and how many numbers were fitted."""
    rotation = rotation_of(case)
    guesses = [
        Guess(sentence, turning(rotation.frequencies, scale=rotation.scale, positions=rule), fitted)
        for sentence, rule, fitted in rules
    ]
    return rotary_predictions(case, guesses)


def usual(values: Integers) -> int:
    """The most frequent of `values`."""
    different, counts = np.unique(values, return_counts=True)
    return int(different[counts.argmax()])
