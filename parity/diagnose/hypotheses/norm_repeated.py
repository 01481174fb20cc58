"""A norm applied twice."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.norm_parts import norm_weight
from parity.replay.ops import rms_norm

__all__ = ["NORM_REPEATED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    output, weight = case.predicted, norm_weight(case)
    for times in (2, 3):
        output = rms_norm(output, weight, epsilon=case.settings.norm_epsilon)
        yield Prediction(f"the norm is applied {times} times", output)


NORM_REPEATED = Hypothesis("norm_repeated", ("rms_norm",), _predict, rank=1)
