"""A block whose output is not added to the residual stream."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction

__all__ = ["BRANCH_MISSING"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    stream, branch = case.tap.inputs
    yield Prediction(f"{branch} is not added: the output is {stream}", case.inputs[0])


BRANCH_MISSING = Hypothesis("branch_missing", ("add",), _predict, rank=1)
