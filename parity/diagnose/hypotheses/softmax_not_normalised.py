"""Softmax without its division."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.attention_rows import Bools
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["SOFTMAX_NOT_NORMALISED"]

_LARGEST_EXPONENT = 700.0


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """exp(score - highest) or exp(score) as they are, other functions of the score, or the division done twice."""
    return attention_predictions(
        case,
        [
            Guess(
                "softmax lacks its division: the weights are exp(score - highest score)", Variation(weights=_shifted)
            ),
            Guess("softmax lacks its division: the weights are exp(score)", Variation(weights=_powers)),
            Guess("the probabilities are divided by the number of keys that are seen", Variation(weights=_mean)),
            Guess("softmax is left out: the weights are the scores themselves", Variation(weights=_identity)),
            Guess("softmax is applied twice", Variation(weights=_twice)),
        ],
    )


def _visible(scores: Floats, mask: Bools) -> Floats:
    return np.where(mask, scores, -np.inf)


def _shifted(scores: Floats, mask: Bools) -> Floats:
    visible = _visible(scores, mask)
    powers: Floats = np.exp(visible - visible.max(axis=-1, keepdims=True))
    return powers


def _powers(scores: Floats, mask: Bools) -> Floats:
    powers: Floats = np.exp(np.minimum(_visible(scores, mask), _LARGEST_EXPONENT))
    return powers


def _mean(scores: Floats, mask: Bools) -> Floats:
    powers = _shifted(scores, mask)
    weights: Floats = powers / powers.sum(axis=-1, keepdims=True) / mask.sum(axis=-1, keepdims=True)
    return weights


def _identity(scores: Floats, mask: Bools) -> Floats:
    return np.where(mask, scores, 0.0)


def _twice(scores: Floats, mask: Bools) -> Floats:
    powers = _shifted(scores, mask)
    again = np.where(mask, np.exp(powers / powers.sum(axis=-1, keepdims=True)), 0.0)
    weights: Floats = again / again.sum(axis=-1, keepdims=True)
    return weights


SOFTMAX_NOT_NORMALISED = Hypothesis("softmax_not_normalised", ("softmax", "attention"), _predict, rank=2)
