"""An operation that computes some of its steps in a coarse format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from parity.diagnose.case import SourceCase
from parity.diagnose.formats import SIXTEEN_BITS, Format, coarser_formats
from parity.diagnose.hypothesis import Prediction
from parity.replay.arrays import Floats

__all__ = ["At", "predict_rounded_steps"]

At = Callable[[str, Floats], Floats]
"""Rounds what a step has computed, where that step is a coarse one: ``at("squares", x * x)``."""


def predict_rounded_steps(
    case: SourceCase, choices: Sequence[Sequence[str]], output: Callable[[SourceCase, At], Floats]
) -> Iterable[Prediction]:
    """The output with each of `choices` computed in fp16 and in bf16.

    An fp16 engine may well compute a step in fp16 that the reference's fp16 run does not.

    Args:
        case: the source.
        choices: the steps that are coarse together; the last are all that there are.
        output: the operation, with every step passed through `At`.
    """
    for format_ in coarser_formats(case.dtype.unit_roundoff / 4, among=SIXTEEN_BITS):
        for steps in choices:
            what = "everything" if steps == choices[-1] else " and ".join(f"the {step}" for step in steps)
            yield Prediction(f"{what} is computed in {format_.short}", output(case, partial(_at, format_, steps)))


def _at(format_: Format, steps: Sequence[str], step: str, values: Floats) -> Floats:
    return format_.nearest(values) if step in steps else values
