"""Keys or values that lag behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from parity.diagnose.attention_rows import AttentionRows
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["VALUES_SHIFTED"]

_SHIFTS = (-2, -1, 1, 2)


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Key j with the value of token j - k, or value j with its key: a cache written to the wrong place."""
    return attention_predictions(case, _guesses())


def _guesses() -> Iterator[Guess[Variation]]:
    for shift in _SHIFTS:
        words = f"{abs(shift)} token{'s' if abs(shift) > 1 else ''} {'before' if shift > 0 else 'after'}"
        yield Guess(f"each key goes with the value {words}", _shifted(0, shift), 1)
        yield Guess(f"each value goes with the key {words}", _shifted(shift, 0), 1)


def _shifted(keys: int, values: int) -> Variation:
    def inputs(rows: AttentionRows) -> AttentionRows:
        moved = rows if keys == 0 else replace(rows, keys=_moved(rows.keys, keys))
        return moved if values == 0 else moved.with_values(_moved(rows.values, values))

    return Variation(inputs=inputs)


def _moved(x: Floats, shift: int) -> Floats:
    """Key j of ``[prompt, key, …]`` shows key j - shift; zero beyond the ends, as in an empty cache."""
    if shift == 0:
        return x
    moved = np.zeros_like(x)
    if shift > 0:
        moved[:, shift:] = x[:, :-shift]
    else:
        moved[:, :shift] = x[:, -shift:]
    return moved


VALUES_SHIFTED = Hypothesis("values_shifted", ("attention",), _predict, rank=3)
