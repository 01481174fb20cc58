"""A factor on each output channel, as of a scale per channel that is missing or belongs to other channels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import weighted
from parity.diagnose.hypothesis import CHANNEL_OPERATIONS, Hypothesis, Prediction

__all__ = ["CHANNEL_SCALE"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    predicted, output = weighted(case, case.predicted), weighted(case, case.output)
    size = (predicted * predicted).sum(axis=0)
    factors = np.divide((predicted * output).sum(axis=0), size, out=np.ones_like(size), where=size > 0)
    low, high = np.quantile(factors, [0.05, 0.95])
    sentence = f"each output channel has a factor of its own, mostly {low:.3g} to {high:.3g}"
    yield Prediction(sentence, case.predicted * factors.reshape(case.output.shape[2:]), factors.size)


CHANNEL_SCALE = Hypothesis("channel_scale", CHANNEL_OPERATIONS, _predict, rank=55)
