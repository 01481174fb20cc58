"""Scores squeezed by tanh (soft-capping, Gemma 2, arXiv 2408.00118)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from parity.diagnose.attention_tap import AttentionTap, attention_tap
from parity.diagnose.attention_variation import ATTENTION_OPERATIONS, Variation, attention_predictions, remainder
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess, minimum, round_numbers
from parity.diagnose.hypothesis import Hypothesis, Prediction

__all__ = ["SCORE_CAP"]

_GRID = np.log(np.geomspace(0.3, 1000, 28))


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """cap·tanh(score/cap), or scores clipped at ±cap; the cap is solved for."""
    return attention_predictions(case, _guesses(attention_tap(case)))


def _guesses(tap: AttentionTap) -> Iterator[Guess[Variation]]:
    for words, model in (("soft-capped at {:.5g} by tanh", _soft), ("clipped at ±{:.5g}", _hard)):
        for cap, fitted in round_numbers(_solved(tap, model)):
            yield Guess(f"scores are {words.format(cap)}", model(cap), fitted)


def _solved(tap: AttentionTap, model: Callable[[float], Variation]) -> float:
    return float(np.exp(minimum(lambda log: remainder(model(float(np.exp(log))), tap.few), _GRID)))


def _soft(cap: float) -> Variation:
    return Variation(scores=lambda rows: cap * np.tanh(rows.scores / cap))


def _hard(cap: float) -> Variation:
    return Variation(scores=lambda rows: np.clip(rows.scores, -cap, cap))


SCORE_CAP = Hypothesis("score_cap", ATTENTION_OPERATIONS, _predict, rank=3)
