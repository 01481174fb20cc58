"""A weight that counts from one, as Gemma's norms have it, or from zero where it should count from one."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.norm_parts import norm_weight, normalised

__all__ = ["NORM_WEIGHT_PLUS_ONE"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    for words, added in (("1 + weight", 1.0), ("weight - 1", -1.0)):
        output = normalised(case) * (norm_weight(case) + added)
        yield Prediction(f"multiplied by {words} instead of the weight", output)


NORM_WEIGHT_PLUS_ONE = Hypothesis("norm_weight_plus_one", ("rms_norm",), _predict, rank=1)
