"""A softmax that gives part of its weight to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.attention_rows import Bools
from parity.diagnose.attention_tap import AttentionTap, attention_tap
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess, round_numbers
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["SOFTMAX_SINK"]

_LARGEST = 100.0
"""Logarithm of the largest and smallest number that is worth adding to a denominator."""


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """exp(s_i)/(c + Σ exp(s_j)): c = 1 is "softmax off by one" (Miller 2023); log c may be a sink's score."""
    return attention_predictions(case, _guesses(attention_tap(case)))


def _guesses(tap: AttentionTap) -> Iterator[Guess[Variation]]:
    logs, weights = _solved(tap)  # [row, head]
    if not weights.any():
        return
    yield Guess("softmax has 1 added to its denominator (off by one)", _with_sink(np.zeros(1)))
    common = float(np.average(logs, weights=weights))
    for value, fitted in round_numbers(float(np.exp(np.clip(common, -_LARGEST, _LARGEST)))):
        yield Guess(f"softmax has {value:.5g} added to its denominator", _with_sink(np.log([value])), fitted)
    per_head = (logs * weights).sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-300)
    sentence = f"softmax has a sink in each head, with scores from {per_head.min():.3g} to {per_head.max():.3g}"
    yield Guess(sentence, _with_sink(per_head), per_head.size)


def _solved(tap: AttentionTap) -> tuple[Floats, Floats]:
    """log c by how much each query's output is too short, and how well that tells it: both ``[row, head]``."""
    sample = tap.sample
    rows, seen = sample.rows, True if sample.judged is None else sample.judged
    output, whole = np.where(seen, sample.output, 0.0), np.where(seen, sample.predicted, 0.0)
    squares = np.einsum("rhc,rhc->rh", whole, whole)
    kept = np.einsum("rhc,rhc->rh", output, whole) / np.maximum(squares, 1e-300)
    visible = np.where(rows.visible[:, None], rows.scores, -np.inf)
    highest = visible.max(axis=-1)
    total = np.log(np.exp(visible - highest[..., None]).sum(axis=-1)) + highest
    usable = (kept > 1e-6) & (kept < 1 - 1e-9)
    inside = np.where(usable, kept, 0.5)
    logs = np.where(usable, total + np.log(1 / inside - 1), 0.0)
    return logs, np.where(usable, squares * (inside * (1 - inside)) ** 2, 0.0)


def _with_sink(logs: Floats) -> Variation:
    """The score of the sink, ``[head or 1]``."""

    def weights(scores: Floats, mask: Bools) -> Floats:
        visible = np.where(mask, scores, -np.inf)
        highest = np.maximum(visible.max(axis=-1, keepdims=True), logs[:, None])
        powers = np.exp(visible - highest)
        found: Floats = powers / (powers.sum(axis=-1, keepdims=True) + np.exp(logs[:, None] - highest))
        return found

    return Variation(weights=weights)


SOFTMAX_SINK = Hypothesis("softmax_sink", ("softmax", "attention"), _predict, rank=3)
