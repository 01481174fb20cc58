"""Outputs that are zero: all of them, whole heads, channels or tokens."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns
from parity.diagnose.hypothesis import CHANNEL_OPERATIONS, Hypothesis, Prediction
from parity.diagnose.words import channels_in_words, ranges, runs

__all__ = ["ZEROED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Where the candidate is exactly zero throughout and the reference is not."""
    zero, expected = columns(case, case.output) == 0, columns(case, case.predicted) != 0
    if zero.all():
        yield Prediction("the output is zero", np.zeros_like(case.output))
        return
    channels = zero.all(axis=0) & expected.any(axis=0)
    if channels.any():
        output = case.predicted * ~channels.reshape(case.output.shape[2:])
        yield Prediction(f"the output is zero in {channels_in_words(channels, case.tap)}", output, len(runs(channels)))
    tokens = zero.all(axis=1) & expected.any(axis=1)
    if tokens.any():
        output = case.predicted.copy()
        output[tuple(np.argwhere(case.reference.tokens.mask)[tokens].T)] = 0
        yield Prediction(f"the output is zero at tokens {ranges(tokens)}", output, len(runs(tokens)))


ZEROED = Hypothesis("zeroed", CHANNEL_OPERATIONS, _predict, rank=2, needs_all_tokens=True)
