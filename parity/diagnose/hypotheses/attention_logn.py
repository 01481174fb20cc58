"""Scores scaled by the logarithm of the query's position (Su 2021; Qwen-1's use_logn_attn)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.attention_rows import AttentionRows
from parity.diagnose.attention_tap import attention_tap
from parity.diagnose.attention_variation import ATTENTION_OPERATIONS, Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.logn import logn_scale, solved_length
from parity.diagnose.temperatures import temperatures
from parity.replay.arrays import Floats

__all__ = ["ATTENTION_LOGN"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Queries at position p are multiplied by max(1, log(p + 1)/log(L)) after RoPE, with L the trained length."""
    tap, found = attention_tap(case), temperatures(case)
    positions, guesses = tap.sample.rows.rows.positions, []
    weights = found.information.sum(axis=1)
    factors = (found.factors * found.information).sum(axis=1) / np.maximum(weights, 1e-300)
    for clamped, words in ((True, "from position L on"), (False, "at every position")):
        length = solved_length(positions, factors, weights, clamped=clamped)
        if length is not None:
            sentence = f"logn: scores are multiplied by log(position + 1)/log(L), L = {length}, {words}"
            guesses.append(Guess(sentence, _scaled(length, clamped=clamped), 1))
    return attention_predictions(case, guesses)


def _scaled(length: int, *, clamped: bool) -> Variation:
    def scores(rows: AttentionRows) -> Floats:
        return rows.scores * logn_scale(rows.rows.positions, length, clamped=clamped)[:, None, None]

    return Variation(scores=scores)


ATTENTION_LOGN = Hypothesis("attention_logn", ATTENTION_OPERATIONS, _predict, rank=3)
