"""A linear map without its bias."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.ops import linear

__all__ = ["BIAS_MISSING"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    parameters = case.parameters
    if parameters.bias is not None and parameters.weight is not None:
        output = linear(case.inputs[0], parameters.weight).reshape(case.output.shape)
        yield Prediction("the bias is missing", output)


BIAS_MISSING = Hypothesis("bias_missing", ("linear",), _predict, rank=1)
