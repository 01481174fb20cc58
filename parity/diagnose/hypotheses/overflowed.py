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
    """Which values a format turns into infinities; fp16 is the only one that activations reach."""
    bad = ~np.isfinite(columns(case, case.output))
    row, column = (int(place) for place in np.argwhere(bad)[0])
    value = columns(case, case.predicted)[row, column]
    for format_ in FORMATS:
        with np.errstate(over="ignore"):
            output = format_.nearest(case.predicted)
        if np.isinf(columns(case, output)).any():
            sentence = (
                f"{int(bad.sum())} of {bad.size} values overflow {format_.short} (at most {format_.largest:g}); "
                f"the first, in channel {column} of token {row}, should be {value:.6g}"
            )
            yield Prediction(sentence, output)


OVERFLOWED = Hypothesis("overflowed", EVERY_OPERATION, _predict, rank=1, about_non_finite=True)
