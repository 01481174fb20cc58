"""A mask that is not minus infinity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from parity.diagnose.attention_rows import AttentionRows, Bools
from parity.diagnose.attention_tap import AttentionTap, attention_tap
from parity.diagnose.attention_variation import Variation, attention_predictions, remainder
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess, minimum, round_numbers
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["MASK_VALUE"]

_GRID = np.linspace(0.0, 40.0, 33)


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Masked scores are lowered by too small a number, which is solved for, or multiplied by 0 instead of hidden."""
    return attention_predictions(case, _guesses(attention_tap(case)))


def _guesses(tap: AttentionTap) -> Iterator[Guess[Variation]]:
    for everything, words in ((False, "later tokens leak in"), (True, "later tokens and padding leak in")):
        if everything and tap.tokens.mask.all():
            continue
        multiplied = _variation(lambda rows: np.where(rows.visible[:, None], rows.scores, 0.0), everything=everything)
        yield Guess(f"the mask multiplies scores instead of hiding them: {words} with score 0", multiplied)
        depth = _solved(tap, everything=everything)
        for value, fitted in round_numbers(depth, digits=2):
            sentence = f"the mask lowers scores by {value:.5g} only: {words}"
            yield Guess(sentence, _lowered(value, everything=everything), fitted)


def _solved(tap: AttentionTap, *, everything: bool) -> float:
    return minimum(lambda depth: remainder(_lowered(depth, everything=everything), tap.few), _GRID)


def _lowered(depth: float, *, everything: bool) -> Variation:
    return _variation(lambda rows: rows.scores - depth * ~rows.visible[:, None], everything=everything)


def _variation(scores: Callable[[AttentionRows], Floats], *, everything: bool) -> Variation:
    def mask(rows: AttentionRows) -> Bools:
        return np.ones_like(rows.visible) if everything else rows.real_keys

    return Variation(scores=scores, mask=mask)


MASK_VALUE = Hypothesis("mask_value", ("softmax", "attention"), _predict, rank=3)
