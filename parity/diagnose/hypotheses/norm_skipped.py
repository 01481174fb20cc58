"""A norm that is left out, with or without its weight."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.norm_parts import norm_weight

__all__ = ["NORM_SKIPPED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    yield Prediction(f"the norm is missing: the output is {case.tap.inputs[0]}", case.inputs[0])
    yield Prediction("not normalised, only multiplied by the weight", case.inputs[0] * norm_weight(case))


NORM_SKIPPED = Hypothesis("norm_skipped", ("rms_norm",), _predict, rank=1)
