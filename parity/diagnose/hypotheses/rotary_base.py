"""RoPE with another base, solved from the angles by which the candidate turned each pair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess, plainly, round_numbers
from parity.diagnose.frequencies import with_base
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotary_families import USUAL_BASES, solved_base
from parity.diagnose.rotation import Rotation, Turning, frequency_guesses, rotary_predictions, rotation_of

__all__ = ["ROTARY_BASE"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """With frequencies base^(-2i/d), the logarithm of the frequency is linear in i and the slope gives the base."""
    return rotary_predictions(case, _guesses(rotation_of(case)))


def _guesses(rotation: Rotation) -> Iterator[Guess[Turning]]:
    solved = solved_base(rotation)
    if solved is None:
        return
    for value, fitted in round_numbers(solved.base):
        known = f" ({USUAL_BASES[value]})" if value in USUAL_BASES else ""
        sentence = f"RoPE base {plainly(value)} instead of {plainly(solved.reference_base)}{known}"
        frequencies = with_base(rotation.frequencies, value)
        yield from frequency_guesses(rotation, sentence, frequencies, fitted=fitted)


ROTARY_BASE = Hypothesis("rotary_base", ("rotary",), _predict, rank=3)
