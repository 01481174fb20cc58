"""A norm without its weight."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.norm_parts import normalised

__all__ = ["NORM_WEIGHT_MISSING"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    yield Prediction("the weight is missing", normalised(case))


NORM_WEIGHT_MISSING = Hypothesis("norm_weight_missing", ("rms_norm",), _predict, rank=1)
