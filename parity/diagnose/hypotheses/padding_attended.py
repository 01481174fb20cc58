"""Attention to padding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.attention_rows import AttentionRows, Bools
from parity.diagnose.attention_tap import AttentionTap, attention_tap
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["PADDING_ATTENDED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Keys at padding, which the candidate computed too, are seen; or zeros in their place; or nothing but them."""
    return attention_predictions(case, _guesses(attention_tap(case)))


def _guesses(tap: AttentionTap) -> Iterator[Guess[Variation]]:
    if tap.tokens.mask.all():
        return
    yield Guess("padding before a token is attended to", Variation(mask=_with_padding_before))
    yield Guess("padding is attended to, before and after", Variation(mask=lambda rows: rows.visible | ~rows.real_keys))
    yield Guess("the padding mask is upside down: only padding is seen", Variation(mask=lambda rows: ~rows.real_keys))
    yield Guess(
        "padding is attended to as keys and values of zero",
        Variation(scores=_zero_at_padding, mask=_with_padding, context=_without_padding),
    )


def _zero_at_padding(rows: AttentionRows) -> Floats:
    return np.where(rows.real_keys[:, None], rows.scores, 0.0)


def _with_padding_before(rows: AttentionRows) -> Bools:
    return rows.visible | (~rows.real_keys & (rows.distance >= 0))


def _with_padding(rows: AttentionRows) -> Bools:
    return rows.visible | ~rows.real_keys


def _without_padding(rows: AttentionRows, weights: Floats) -> Floats:
    return rows.context(weights * rows.real_keys[:, None])


PADDING_ATTENDED = Hypothesis("padding_attended", ("softmax", "attention"), _predict, rank=1)
