"""SiLU or its parts computed in a coarse format."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.formats import Format, coarser_formats
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["ACTIVATION_ROUNDED"]

_STEPS = ("gate", "exponential", "sigmoid", "silu", "up")
_CHOICES = (*((step,) for step in _STEPS[1:4]), ("gate", "silu"), ("sigmoid", "silu"), ("gate", "silu", "up"), _STEPS)
_SIXTEEN_BITS = ("fp16", "bf16")


def _predict(case: SourceCase) -> Iterable[Prediction]:
    for format_ in coarser_formats(case.dtype.unit_roundoff / 4):
        if format_.short in _SIXTEEN_BITS:
            for steps in _CHOICES:
                what = "everything" if steps == _STEPS else " and ".join(f"the {step}" for step in steps)
                yield Prediction(f"{what} is computed in {format_.short}", _output(case, format_, steps))


def _output(case: SourceCase, format_: Format, steps: tuple[str, ...]) -> Floats:
    def at(step: str) -> Callable[[Floats], Floats]:
        return format_.nearest if step in steps else lambda values: values

    gate = at("gate")(case.inputs[0])
    with np.errstate(over="ignore"):
        exponential = at("exponential")(np.exp(-gate))
        sigmoid = at("sigmoid")(1 / (1 + exponential))
    output: Floats = at("silu")(gate * sigmoid) * at("up")(case.inputs[1])
    return output


ACTIVATION_ROUNDED = Hypothesis("activation_rounded", ("silu_mul",), _predict, rank=5)
