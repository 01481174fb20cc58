"""Sums accumulated in a coarse format."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.accumulation import accumulated, accumulations
from parity.diagnose.case import SourceCase
from parity.diagnose.excerpt import linear_excerpt
from parity.diagnose.formats import SIXTEEN_BITS, coarser_formats
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import stored_bias, stored_weight

__all__ = ["ACCUMULATION_ROUNDED"]

_ROWS, _CHANNELS = 12, 16
_STILL_LEFT = 0.7
_MOST_ROUNDINGS = 10**9


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The order of the sum is found by running it in each; only the right one reproduces the error's pattern.

    An order that takes more than 10⁹ roundings to replay in full (some seconds) is not proposed.
    """
    excerpt = linear_excerpt(case)
    rows = np.flatnonzero(excerpt.scale > 0)[:_ROWS]
    scale, bias = excerpt.scale[rows, None], excerpt.bias[:_CHANNELS]
    residual = (excerpt.residual[rows] / scale)[:, :_CHANNELS]
    output, x = (excerpt.output[rows] / scale)[:, :_CHANNELS], excerpt.x[rows] / scale
    weight, squares = excerpt.weight[:_CHANNELS], np.square(residual * scale).sum()
    finer = case.dtype.unit_roundoff / 4  # an fp16 engine may well accumulate in fp16
    formats = coarser_formats(finer, among=SIXTEEN_BITS)
    for how in accumulations(formats, x.shape[1]):
        left = np.square((output - accumulated(x, weight, bias, how)) * scale).sum()
        roundings = case.output.size * x.shape[1] // how.block
        if left <= _STILL_LEFT * squares and roundings <= _MOST_ROUNDINGS:
            flat = case.inputs[0].reshape(-1, x.shape[1])
            total = accumulated(flat, stored_weight(case), stored_bias(case), how)
            yield Prediction(how.name, total.reshape(case.output.shape), fitted=1)


ACCUMULATION_ROUNDED = Hypothesis("accumulation_rounded", ("linear",), _predict, rank=4)
