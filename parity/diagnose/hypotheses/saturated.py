"""Values cut off at a limit: the largest of a 16-bit or 8-bit format, or of a quantised range."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns
from parity.diagnose.formats import FORMATS
from parity.diagnose.hypothesis import EVERY_OPERATION, Hypothesis, Prediction

__all__ = ["SATURATED"]

_FEWEST = 2


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The limits are the largest and the least value, where several values sit exactly on them."""
    output, predicted = columns(case, case.output), columns(case, case.predicted)
    high, low = float(output.max()), float(output.min())
    at_high = int(((output == high) & (predicted > high)).sum())
    at_low = int(((output == low) & (predicted < low)).sum())
    above = high if at_high >= _FEWEST else np.inf
    below = low if at_low >= _FEWEST else -np.inf
    if np.isfinite(above) or np.isfinite(below):
        words = " and ".join(_limit(value) for value in (below, above) if np.isfinite(value))
        fitted = 1 if above == -below or not np.isfinite(above - below) else 2
        sentence = f"values are cut off at {words} ({at_high + at_low} of {output.size})"
        yield Prediction(sentence, case.predicted.clip(below, above), fitted)


def _limit(value: float) -> str:
    named = [format_.short for format_ in FORMATS if format_.largest == abs(value)]
    return f"{value:.6g} (the largest of {named[0]})" if named else f"{value:.6g}"


SATURATED = Hypothesis("saturated", EVERY_OPERATION, _predict, rank=3, needs_all_tokens=True)
