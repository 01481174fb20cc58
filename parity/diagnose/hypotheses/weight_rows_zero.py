"""Output channels whose weights are zero, so that only the bias is left."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import stored_bias
from parity.diagnose.words import channels_in_words, runs

__all__ = ["WEIGHT_ROWS_ZERO"]

_ROUNDINGS = 4


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Channels that are the same at every token up to a rounding, where the reference's are not."""
    output, bias = columns(case, case.output), stored_bias(case)
    rounding = _ROUNDINGS * case.dtype.unit_roundoff * np.abs(output).max(axis=0)
    constant = (np.ptp(output, axis=0) <= rounding) & (np.ptp(columns(case, case.predicted), axis=0) > rounding)
    if constant.any() and bias.any() and len(output) > 1:
        shape = case.output.shape[2:]
        kept = np.where(constant.reshape(shape), bias.reshape(shape), case.predicted)
        sentence = f"the weights are zero in {channels_in_words(constant, case.tap)}, only the bias is left"
        yield Prediction(sentence, kept, len(runs(constant)))


WEIGHT_ROWS_ZERO = Hypothesis("weight_rows_zero", ("linear",), _predict, rank=2, needs_all_tokens=True)
