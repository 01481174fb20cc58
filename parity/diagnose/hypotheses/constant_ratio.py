"""An output that is the right one times a number."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.factors import likely_factors, named_factor
from parity.diagnose.hypothesis import EVERY_OPERATION, Hypothesis, Prediction
from parity.diagnose.proportion import proportion

__all__ = ["CONSTANT_RATIO"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    solved = proportion(case, case.predicted)
    for factor in likely_factors(solved):
        if factor not in (0, 1):
            words = named_factor(factor, shape=case.settings.shape)
            yield Prediction(f"the output is {words} times what it should be", factor * case.predicted, fitted=1)


CONSTANT_RATIO = Hypothesis("constant_ratio", EVERY_OPERATION, _predict, rank=50)
