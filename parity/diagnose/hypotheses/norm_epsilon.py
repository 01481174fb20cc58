"""Another epsilon, solved from how much more small vectors shrink than large ones."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import minimum, round_numbers
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.norm_parts import gain_distance, norm_weight
from parity.replay.ops import rms_norm

__all__ = ["NORM_EPSILON"]

_LEAST, _MOST = 1e-14, 1e2


def _predict(case: SourceCase) -> Iterable[Prediction]:
    def left(log_epsilon: float) -> float:
        return gain_distance(case, lambda mean_square: 1 / np.sqrt(mean_square + np.exp(log_epsilon)))

    stored = case.settings.norm_epsilon
    solved = float(np.exp(minimum(left, np.linspace(np.log(_LEAST), np.log(_MOST), 65))))
    for epsilon, fitted in round_numbers(solved):
        yield Prediction(f"epsilon {epsilon:.3g} instead of {stored:.3g}", _output(case, epsilon), fitted)
    yield Prediction(f"no epsilon instead of {stored:.3g}", _output(case, 0.0))


def _output(case: SourceCase, epsilon: float) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):  # padding may be zero
        return rms_norm(case.inputs[0], norm_weight(case), epsilon=epsilon)


NORM_EPSILON = Hypothesis("norm_epsilon", ("rms_norm",), _predict, rank=2)
