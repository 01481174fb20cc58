"""An output on the grid of a coarser floating-point format."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns
from parity.diagnose.formats import Format, coarser_formats, half_step
from parity.diagnose.hypothesis import EVERY_OPERATION, Hypothesis, Prediction
from parity.diagnose.intervals import nearest_in

__all__ = ["OUTPUT_ROUNDED"]

_ON_GRID = 0.999


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The output must lie on the grid; then it is told whether values were rounded to nearest or cut off."""
    output = columns(case, case.output)
    for format_ in coarser_formats(case.dtype.unit_roundoff):
        if output.any() and np.mean(format_.saturated(output) == output) > _ON_GRID:
            half = half_step(case.output, format_)
            nearest = nearest_in(case, case.output - half, case.output + half)
            yield Prediction(f"the output is rounded to {format_.short}", nearest)
            yield Prediction(f"the output is cut off to {format_.short}, towards zero", _cut_off(case, format_))


def _cut_off(case: SourceCase, format_: Format) -> np.ndarray:
    """Values from the output to the next number of the format away from zero."""
    step = 2 * half_step(case.output, format_)
    return nearest_in(
        case,
        np.where(case.output < 0, case.output - step, case.output),
        np.where(case.output > 0, case.output + step, case.output),
    )


OUTPUT_ROUNDED = Hypothesis("output_rounded", EVERY_OPERATION, _predict, rank=4)
