"""A bias whose entries stand at other channels: shifted, interleaved, heads exchanged."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import effective_bias, linear_output, stored_bias
from parity.diagnose.vector_order import vector_order
from parity.diagnose.words import head_layout

__all__ = ["BIAS_PERMUTED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    if case.parameters.bias is None:
        return
    bias, (heads, head_dim) = stored_bias(case), head_layout(case.tap)
    order = vector_order(effective_bias(case), bias, heads=heads, head_dim=head_dim)
    sentence = f"the entries of the bias are {order.name}"
    yield Prediction(sentence, linear_output(case, bias=bias[order.channels]), order.fitted)


BIAS_PERMUTED = Hypothesis("bias_permuted", ("linear",), _predict, rank=3)
