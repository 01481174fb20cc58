"""Values beyond the largest finite number of the candidate's format, which become infinite."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns
from parity.diagnose.formats import FORMATS
from parity.diagnose.hypothesis import EVERY_OPERATION, Hypothesis, Prediction

__all__ = ["OVERFLOWED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Values beyond what a format can hold; or beyond a limit of their own, as where a factor stands before it."""
    output, predicted = columns(case, case.output), columns(case, case.predicted)
    bad = ~np.isfinite(output)
    row, column = (int(place) for place in np.argwhere(bad)[0])
    first = f"the first, in channel {column} of token {row}, should be {predicted[row, column]:.6g}"
    counted = f"{int(bad.sum())} of {bad.size} values overflow"
    for format_ in FORMATS:
        with np.errstate(over="ignore"):
            rounded = format_.nearest(case.predicted)
        if np.isinf(columns(case, rounded)).any():
            yield Prediction(f"{counted} {format_.short} (at most {format_.largest:g}); {first}", rounded)
    least = float(np.abs(predicted[bad]).min())
    infinite = np.where(np.abs(case.predicted) >= least, np.copysign(np.inf, case.predicted), case.predicted)
    sentence = f"{counted}, all from {least:.4g} on, as 65504 would overflow fp16 with a factor before it; {first}"
    yield Prediction(sentence, infinite, fitted=1)


OVERFLOWED = Hypothesis("overflowed", EVERY_OPERATION, _predict, rank=1, about_non_finite=True)
