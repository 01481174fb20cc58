"""Scores or exponentials that stop at fp16's largest number."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.attention_rows import Bools
from parity.diagnose.attention_variation import ATTENTION_OPERATIONS, Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["SCORES_SATURATED"]

_LARGEST = 65504.0
_LARGEST_EXPONENT = np.log(_LARGEST)


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """q·k clipped before it is scaled, scores clipped after it, or exp(score) without its maximum taken off."""
    scale = case.settings.attention_scale
    products = Variation(scores=lambda rows: np.clip(rows.scores / scale, -_LARGEST, _LARGEST) * scale)
    scores = Variation(scores=lambda rows: np.clip(rows.scores, -_LARGEST, _LARGEST))
    return attention_predictions(
        case,
        [
            Guess("q·k saturates at 65504 (fp16) before it is scaled", products),
            Guess("scores saturate at 65504 (fp16)", scores),
            Guess(
                "exp(score) saturates at 65504 (fp16): the highest score is not taken off", Variation(weights=_powers)
            ),
        ],
    )


def _powers(scores: Floats, mask: Bools) -> Floats:
    powers = np.exp(np.minimum(np.where(mask, scores, -np.inf), _LARGEST_EXPONENT))
    weights: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return weights


SCORES_SATURATED = Hypothesis("scores_saturated", ATTENTION_OPERATIONS, _predict, rank=2)
