"""SiLU or its parts computed in a coarse format."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rounded_steps import At, predict_rounded_steps
from parity.replay.arrays import Floats

__all__ = ["ACTIVATION_ROUNDED"]

_STEPS = ("gate", "exponential", "sigmoid", "silu", "up")
_CHOICES = (*((step,) for step in _STEPS[1:4]), ("gate", "silu"), ("sigmoid", "silu"), ("gate", "silu", "up"), _STEPS)


def _predict(case: SourceCase) -> Iterable[Prediction]:
    return predict_rounded_steps(case, _CHOICES, _output)


def _output(case: SourceCase, at: At) -> Floats:
    gate = at("gate", case.inputs[0])
    with np.errstate(over="ignore"):
        sigmoid = at("sigmoid", 1 / (1 + at("exponential", np.exp(-gate))))
    output: Floats = at("silu", gate * sigmoid) * at("up", case.inputs[1])
    return output


ACTIVATION_ROUNDED = Hypothesis("activation_rounded", ("silu_mul",), _predict, rank=5)
