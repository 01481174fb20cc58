"""Weights or inputs that are rounded to a coarser floating-point format before the product."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.excerpt import linear_excerpt
from parity.diagnose.formats import Format, coarser_formats
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import linear_output, stored_weight
from parity.replay.arrays import Floats

__all__ = ["OPERANDS_ROUNDED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Tensor cores read both operands in TF32 or 16 bits and sum in fp32; only the operands' rounding shows."""
    excerpt = linear_excerpt(case)
    unscaled = np.divide(excerpt.x, excerpt.scale[:, None], out=np.zeros_like(excerpt.x), where=excerpt.x != 0)
    for format_ in coarser_formats(case.dtype.unit_roundoff):
        if format_.short == "fp16":
            continue  # as TF32, but for numbers too large or too small to matter
        for name, of_weight, of_input in _choices():
            few = _rounded(excerpt.weight, format_, of_weight)
            x = _rounded(unscaled, format_, of_input)
            if excerpt.is_promising(excerpt.linear(few, x=x * excerpt.scale[:, None])):
                weight = _rounded(stored_weight(case), format_, of_weight)
                output = linear_output(case, weight=weight, x=_rounded(case.inputs[0], format_, of_input))
                known_as = "TF32 or fp16" if format_.short == "TF32" else format_.short
                yield Prediction(f"{name} rounded to {known_as} before the product", output)


def _choices() -> Iterator[tuple[str, bool, bool]]:
    yield "weights and inputs are", True, True
    yield "the weights are", True, False
    yield "the inputs are", False, True


def _rounded(values: Floats, format_: Format, wanted: bool) -> Floats:
    return format_.saturated(values) if wanted else values


OPERANDS_ROUNDED = Hypothesis("operands_rounded", ("linear",), _predict, rank=3)
