"""All positions moved by the same number."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.positions import position_predictions, solved_positions, usual

__all__ = ["ROTARY_POSITION_OFFSET"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Counting from 1, or a lag; harmless where q and k share it, since only differences of positions count."""
    shift = usual(solved_positions(case).shift)
    if shift == 0:
        return ()
    words = f"positions are {abs(shift)} too {'large' if shift > 0 else 'small'}"
    rules = [(f"{words} (of no effect where q and k agree)", lambda rows: rows.positions + shift, 1)]
    if shift < 0:
        rules.append((f"{words}, but not below 0", lambda rows: np.maximum(rows.positions + shift, 0.0), 1))
    return position_predictions(case, rules)


ROTARY_POSITION_OFFSET = Hypothesis("rotary_position_offset", ("rotary",), _predict, rank=2)
