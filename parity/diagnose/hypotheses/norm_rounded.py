"""A norm that computes some of its steps in a coarse format."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.norm_parts import norm_weight
from parity.diagnose.rounded_steps import At, predict_rounded_steps
from parity.replay.arrays import Floats

__all__ = ["NORM_ROUNDED"]

_STEPS = ("input", "squares", "mean square", "inverse root", "normalised value", "weight")
_CHOICES = (
    *((step,) for step in _STEPS),
    ("squares", "mean square"),
    ("input", "squares", "mean square"),
    ("mean square", "inverse root"),
    ("mean square", "inverse root", "normalised value"),
    _STEPS,
)


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Each step alone and the usual combinations."""
    return predict_rounded_steps(case, _CHOICES, _output)


def _output(case: SourceCase, at: At) -> Floats:
    x = at("input", case.inputs[0])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mean_square = at("mean square", at("squares", x * x).mean(axis=-1, keepdims=True))
        gain = at("inverse root", 1 / np.sqrt(mean_square + case.settings.norm_epsilon))
        output: Floats = at("normalised value", x * gain) * at("weight", norm_weight(case))
    return output


NORM_ROUNDED = Hypothesis("norm_rounded", ("rms_norm",), _predict, rank=4)
