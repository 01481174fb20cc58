"""A mean square with another number of elements: the sum itself, one less, the padded width."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import minimum
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.norm_parts import gain_distance, norm_weight

__all__ = ["NORM_COUNT"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The count n' that fits ``x / sqrt(Σx²/n' + ε)`` best; whole numbers stand for themselves."""
    epsilon, count = case.settings.norm_epsilon, case.output.shape[-1]

    def left(log_ratio: float) -> float:
        return gain_distance(case, lambda mean_square: 1 / np.sqrt(mean_square * np.exp(log_ratio) + epsilon))

    solved = count / float(np.exp(minimum(left, np.linspace(-8.0, 10.0, 73))))
    x = case.inputs[0]
    squares = (x * x).sum(axis=-1, keepdims=True)
    for divisor in dict.fromkeys((float(round(solved)), solved)):
        if divisor > 0 and divisor != count:
            words = "the sum of squares instead of their mean" if divisor == 1 else f"Σx² / {divisor:.5g}"
            output = x / np.sqrt(squares / divisor + epsilon) * norm_weight(case)
            fitted = int(divisor not in (1.0, count - 1.0)) + int(divisor != round(divisor))
            yield Prediction(f"normalised by {words} (there are {count} channels)", output, fitted)


NORM_COUNT = Hypothesis("norm_count", ("rms_norm",), _predict, rank=3)
