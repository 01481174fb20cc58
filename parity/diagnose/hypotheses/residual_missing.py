"""A block whose input is not added to its output."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction

__all__ = ["RESIDUAL_MISSING"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    stream, branch = case.tap.inputs
    yield Prediction(f"the residual {stream} is not added: the output is {branch}", case.inputs[1])


RESIDUAL_MISSING = Hypothesis("residual_missing", ("add",), _predict, rank=1)
