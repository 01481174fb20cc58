"""Weights whose memory is read along the wrong axis."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.excerpt import linear_excerpt
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import linear_output
from parity.replay.arrays import widened

__all__ = ["WEIGHT_TRANSPOSED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """``[out, in]`` read where ``[in, out]`` is stored, and the other way; one and the same for square weights."""
    weight, excerpt = case.parameters.weight, linear_excerpt(case)
    assert weight is not None
    rows, width = weight.shape
    place = excerpt.channels[:, None] * width + np.arange(width)  # where in memory each entry would be read
    readings = [("the weights are transposed", weight[place % rows, place // rows])]
    if rows != width:
        read = weight.reshape(width, rows)[:, excerpt.channels].T
        readings.append(("the weights are read as if they were stored transposed", read))
    for index, (sentence, reading) in enumerate(readings):
        if excerpt.is_promising(excerpt.linear(widened(reading))):
            full = weight.T.reshape(rows, width) if index == 0 else weight.reshape(width, rows).T
            yield Prediction(sentence, linear_output(case, weight=widened(full)))


WEIGHT_TRANSPOSED = Hypothesis("weight_transposed", ("linear",), _predict, rank=2)
