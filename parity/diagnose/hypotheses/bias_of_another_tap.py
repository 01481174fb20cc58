"""The bias of another linear map."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import effective_bias, linear_output
from parity.replay.arrays import widened

__all__ = ["BIAS_OF_ANOTHER_TAP"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Of all biases of this length, the one nearest to the bias the candidate added."""
    added, best = effective_bias(case), None
    for tap in case.graph:
        if tap.op == "linear" and tap.name != case.tap.name:
            bias = case.reference.weights.parameters(tap.name).bias
            if bias is not None and bias.size == added.size:
                distance = float(np.square(added - widened(bias)).sum())
                if best is None or distance < best[0]:
                    best = distance, tap.name, widened(bias)
    if best is not None:
        yield Prediction(f"the bias is that of {best[1]}", linear_output(case, bias=best[2]), fitted=1)


BIAS_OF_ANOTHER_TAP = Hypothesis("bias_of_another_tap", ("linear",), _predict, rank=2)
