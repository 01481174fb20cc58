"""Scores with a bias that grows with the distance (ALiBi, Press et al. 2022, arXiv 2108.12409)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.attention_tap import AttentionSample, AttentionTap, attention_tap
from parity.diagnose.attention_variation import ATTENTION_OPERATIONS, Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess, round_numbers
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["SCORE_BIAS"]

_GRID = np.concatenate([-np.geomspace(4, 1e-3, 13), [0.0], np.geomspace(1e-3, 4, 13)])


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """score - m·(i - j): with ALiBi's slopes, one slope for all heads or one for each; solved for."""
    return attention_predictions(case, _guesses(attention_tap(case)))


def _guesses(tap: AttentionTap) -> Iterator[Guess[Variation]]:
    heads = tap.everything.heads
    usual = 2.0 ** (-8 * (np.arange(heads) + 1) / heads)
    yield Guess("scores carry ALiBi's bias for the distance", _biased(usual))
    slopes = _solved(tap)
    for value, fitted in round_numbers(float(np.median(slopes)), digits=2):
        yield Guess(f"scores fall by {value:.4g} with each token of distance", _biased(np.full(heads, value)), fitted)
    sentence = f"scores fall with distance, by {slopes.min():.3g} to {slopes.max():.3g} a token from head to head"
    yield Guess(sentence, _biased(slopes), heads)


def _solved(tap: AttentionTap) -> Floats:
    """The slope of each head that fits a few queries best, ``[head]``; all heads are searched at once."""
    few, heads = tap.few, tap.everything.heads
    costs = np.stack([_costs(few, np.full(heads, slope)) for slope in _GRID])
    best = costs.argmin(axis=0)
    low, high = _GRID[np.maximum(best - 1, 0)], _GRID[np.minimum(best + 1, _GRID.size - 1)]
    ratio = (5**0.5 - 1) / 2
    for _ in range(40):  # golden-section search, head by head
        inner = (high - ratio * (high - low), low + ratio * (high - low))
        left = _costs(few, inner[0]) < _costs(few, inner[1])
        low, high = np.where(left, low, inner[0]), np.where(left, inner[1], high)
    slopes: Floats = (low + high) / 2
    return slopes


def _costs(few: AttentionSample, slopes: Floats) -> Floats:
    """What a slope for each head leaves of each head, ``[head]``."""
    costs: Floats = few.squares(_biased(slopes).output(few.rows, few.op)).sum(axis=(0, 2))
    return costs


def _biased(slopes: Floats) -> Variation:
    return Variation(scores=lambda rows: rows.scores - slopes[:, None] * rows.distance[:, None])


SCORE_BIAS = Hypothesis("score_bias", ATTENTION_OPERATIONS, _predict, rank=3)
