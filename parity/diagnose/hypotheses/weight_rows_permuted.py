"""Output channels in another order: the layout of GGUF and Meta's checkpoints, heads exchanged, shifted vocabulary."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import linear_output, stored_bias
from parity.diagnose.output_order import output_order

__all__ = ["WEIGHT_ROWS_PERMUTED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The order is read off the outputs; the bias either follows it or stays where it was."""
    order = output_order(case)
    if order is None:
        return
    flat = case.predicted.reshape(*case.predicted.shape[:2], -1)  # [batch, token, out]
    moved = flat[..., order.channels].reshape(case.output.shape)
    yield Prediction(f"the output channels are {order.name}", moved, order.fitted)
    bias = stored_bias(case)
    if bias.any():
        output = linear_output(case, bias=np.zeros_like(bias)).reshape(flat.shape)[..., order.channels] + bias
        sentence = f"the rows of the weights are {order.name}, the bias is not"
        yield Prediction(sentence, output.reshape(case.output.shape), order.fitted)


WEIGHT_ROWS_PERMUTED = Hypothesis("weight_rows_permuted", ("linear",), _predict, rank=3)
