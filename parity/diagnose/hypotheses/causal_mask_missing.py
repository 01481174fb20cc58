"""Attention to later tokens."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.attention_tap import attention_tap
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction

__all__ = ["CAUSAL_MASK_MISSING"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Every query sees every key of its prompt, with or without the padding, or the mask is upside down."""
    guesses = [
        Guess("no causal mask: tokens see the whole prompt", Variation(mask=lambda rows: rows.real_keys)),
        Guess(
            "the causal mask is upside down: tokens see themselves and what follows",
            Variation(mask=lambda rows: rows.real_keys & (rows.distance <= 0)),
        ),
    ]
    if not attention_tap(case).tokens.mask.all():
        words = "no mask at all: tokens see the whole batch row, padding too"
        guesses.append(Guess(words, Variation(mask=lambda rows: np.ones_like(rows.visible))))
    return attention_predictions(case, guesses)


CAUSAL_MASK_MISSING = Hypothesis("causal_mask_missing", ("softmax", "attention"), _predict, rank=1)
