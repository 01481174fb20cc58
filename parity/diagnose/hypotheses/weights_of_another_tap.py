"""The weights of another linear map: k and v exchanged, gate and up exchanged, another layer's."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.excerpt import linear_excerpt
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import linear_output, stored_bias
from parity.replay.arrays import widened

__all__ = ["WEIGHTS_OF_ANOTHER_TAP"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Every linear map of the same shape, with its own bias or with the bias of this tap."""
    excerpt = linear_excerpt(case)
    shape = excerpt.weight.shape[1], stored_bias(case).size
    for tap in case.graph:
        if tap.op == "linear" and tap.name != case.tap.name:
            other = case.reference.weights.parameters(tap.name)
            assert other.weight is not None
            if other.weight.shape != shape[::-1]:
                continue
            bias = np.zeros(shape[1]) if other.bias is None else widened(other.bias)
            guess = widened(other.weight[excerpt.channels])
            for sentence, added in (
                (f"the weights are those of {tap.name}", bias),
                (f"the weights are those of {tap.name}, with the bias of {case.tap.name}", stored_bias(case)),
            ):
                if excerpt.is_promising(excerpt.linear(guess, added[excerpt.channels])):
                    yield Prediction(sentence, linear_output(case, weight=widened(other.weight), bias=added), fitted=1)


WEIGHTS_OF_ANOTHER_TAP = Hypothesis("weights_of_another_tap", ("linear",), _predict, rank=2)
