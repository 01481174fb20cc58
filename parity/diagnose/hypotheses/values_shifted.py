"""Keys or values that lag behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["VALUES_SHIFTED"]

_SHIFTS = (-2, -1, 1, 2)
_ENDS = {"zero": "", "wrapped": ", as in a ring buffer", "repeated": ", and the token at the end repeats its own"}


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Key j with the value of token j - k, or value j with its key: a cache written to the wrong place."""
    return attention_predictions(case, _guesses())


def _guesses() -> Iterator[Guess[Variation]]:
    for shift in _SHIFTS:
        words = f"{abs(shift)} token{'s' if abs(shift) > 1 else ''} {'before' if shift > 0 else 'after'}"
        for end, ends in _ENDS.items():
            yield Guess(f"each key goes with the value {words}{ends}", _values_moved(shift, end), 1)
            yield Guess(f"each value goes with the key {words}{ends}", _keys_moved(shift, end), 1)


def _values_moved(shift: int, end: str) -> Variation:
    return Variation(inputs=lambda rows: rows.with_values(_moved(rows.values, shift, end)))


def _keys_moved(shift: int, end: str) -> Variation:
    return Variation(inputs=lambda rows: replace(rows, keys=_moved(rows.keys, shift, end)))


def _moved(x: Floats, shift: int, end: str) -> Floats:
    """Key j of ``[prompt, key, …]`` shows key j - shift; beyond the ends zero, that of the other end, or the last."""
    moved = np.roll(x, shift, axis=1)
    beyond, last = (slice(shift), slice(1)) if shift > 0 else (slice(shift, None), slice(-1, None))
    if end != "wrapped":
        moved[:, beyond] = 0 if end == "zero" else x[:, last]
    return moved


VALUES_SHIFTED = Hypothesis("values_shifted", ("attention",), _predict, rank=3)
