"""Positions that stand still."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.positions import position_predictions, solved_positions, usual

__all__ = ["ROTARY_POSITION_FROZEN"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """One position for every token, or none beyond a largest one; frozen at 0 is no rotation at all."""
    found = solved_positions(case).found
    frozen, largest = usual(found), int(found.max())
    return position_predictions(
        case,
        [
            (f"every token has position {frozen}", lambda rows: np.full(len(rows), float(frozen)), 1),
            (f"positions stop at {largest}", lambda rows: np.minimum(rows.positions, float(largest)), 1),
        ],
    )


ROTARY_POSITION_FROZEN = Hypothesis("rotary_position_frozen", ("rotary",), _predict, rank=3)
