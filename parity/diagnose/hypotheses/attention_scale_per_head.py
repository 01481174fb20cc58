"""Scores scaled by another number in each head."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.attention_variation import ATTENTION_OPERATIONS, Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.temperatures import factor_of_each_head

__all__ = ["ATTENTION_SCALE_PER_HEAD"]

_SHOWN = 4
_CHANGED = 1e-3


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """softmax(τ_h·scores) with a temperature of its own for each head."""
    factors = factor_of_each_head(case)
    changed = [f"{factor:.4g} in head {head}" for head, factor in enumerate(factors) if abs(factor - 1) > _CHANGED]
    if not changed or factors.size == 1:
        return ()
    listed = ", ".join(changed[:_SHOWN]) + (" …" if len(changed) > _SHOWN else "")
    variation = Variation(scores=lambda rows: rows.scores * factors[:, None])
    sentence = f"scores are scaled by another factor in each head: {listed} times the right one"
    return attention_predictions(case, [Guess(sentence, variation, len(changed))])


ATTENTION_SCALE_PER_HEAD = Hypothesis("attention_scale_per_head", ATTENTION_OPERATIONS, _predict, rank=5)
