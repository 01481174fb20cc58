"""An output that is the right one plus the same vector at every token."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns, token_weights
from parity.diagnose.hypothesis import CHANNEL_OPERATIONS, Hypothesis, Prediction

__all__ = ["CONSTANT_OFFSET"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    weights = np.square(token_weights(case))
    if weights.sum() > 0:
        offset = weights @ columns(case, case.residual) / weights.sum()
        output = case.predicted + offset.reshape(case.output.shape[2:])
        yield Prediction("the same vector is added at every token", output, offset.size)


CONSTANT_OFFSET = Hypothesis("constant_offset", CHANNEL_OPERATIONS, _predict, rank=60)
