"""A norm that divides by another statistic than the root of the mean square."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import minimum, round_numbers
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.norm_parts import gain_distance, norm_weight
from parity.replay.arrays import Floats

__all__ = ["NORM_STATISTIC"]

_POWERS = np.linspace(-0.5, 2.0, 51)
_ROOT = 0.5


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The mean square without its root or to another power, the mean magnitude, the largest one."""
    x, epsilon, weight = case.inputs[0], case.settings.norm_epsilon, norm_weight(case)
    magnitude = np.abs(x)
    with np.errstate(divide="ignore", invalid="ignore"):  # padding may be zero
        for words, divisor in (
            ("the mean magnitude", magnitude.mean(axis=-1, keepdims=True) + epsilon),
            ("the largest magnitude", magnitude.max(axis=-1, keepdims=True) + epsilon),
        ):
            yield Prediction(f"divided by {words} instead of the root of the mean square", x / divisor * weight)
        yield from _powers(case, (x * x).mean(axis=-1, keepdims=True) + epsilon)


def _powers(case: SourceCase, mean_square: Floats) -> Iterator[Prediction]:
    epsilon = case.settings.norm_epsilon
    solved = minimum(lambda power: gain_distance(case, lambda square: (square + epsilon) ** -power), _POWERS)
    for power, fitted in round_numbers(solved, digits=2):
        if power not in (_ROOT, 0.0):
            words = "without its root" if power == 1 else f"to the power {power:.4g} instead of its root"
            output = case.inputs[0] * mean_square**-power * norm_weight(case)
            yield Prediction(f"divided by the mean square {words}", output, 0 if power == 1 else fitted)


NORM_STATISTIC = Hypothesis("norm_statistic", ("rms_norm",), _predict, rank=3)
