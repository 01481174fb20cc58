"""Inputs rounded to a coarser format before they are added or multiplied."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.formats import coarser_formats
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.replay import replay

__all__ = ["INPUTS_ROUNDED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Each input alone, and both: a residual stream kept in 16 bits, for example."""
    first, second = case.tap.inputs
    for format_ in coarser_formats(case.dtype.unit_roundoff):
        rounded = [format_.saturated(x) for x in case.inputs]
        for words, inputs in (
            (f"{first} is", [rounded[0], case.inputs[1]]),
            (f"{second} is", [case.inputs[0], rounded[1]]),
            (f"{first} and {second} are", rounded),
        ):
            output = replay(case.reference, case.tap, inputs)
            yield Prediction(f"{words} rounded to {format_.short} first", output)


INPUTS_ROUNDED = Hypothesis("inputs_rounded", ("add", "silu_mul"), _predict, rank=4)
