"""A norm that computes some of its steps in a coarse format."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.formats import Format, coarser_formats
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.norm_parts import norm_weight
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
_SIXTEEN_BITS = ("fp16", "bf16")


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Each step alone and the usual combinations; an fp16 engine may well square in fp16."""
    finer = case.dtype.unit_roundoff / 4
    for format_ in coarser_formats(finer):
        if format_.short in _SIXTEEN_BITS:
            for steps in _CHOICES:
                what = "everything" if steps == _STEPS else " and ".join(f"the {step}" for step in steps)
                yield Prediction(f"{what} is computed in {format_.short}", _output(case, format_, steps))


def _output(case: SourceCase, format_: Format, steps: tuple[str, ...]) -> Floats:
    def at(step: str) -> Callable[[Floats], Floats]:
        return format_.nearest if step in steps else lambda values: values

    x = at("input")(case.inputs[0])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mean_square = at("mean square")(at("squares")(x * x).mean(axis=-1, keepdims=True))
        gain = at("inverse root")(1 / np.sqrt(mean_square + case.settings.norm_epsilon))
        output: Floats = at("normalised value")(x * gain) * at("weight")(norm_weight(case))
    return output


NORM_ROUNDED = Hypothesis("norm_rounded", ("rms_norm",), _predict, rank=4)
