"""An epsilon in another place: added to the root, to the result, or as a lower bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import minimum, round_numbers
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.norm_parts import gain_distance, norm_weight
from parity.replay.arrays import Floats

__all__ = ["NORM_EPSILON_PLACE"]

_Rule = Callable[[Floats, float], Floats]

_PLACES: tuple[tuple[str, _Rule], ...] = (
    ("is added to the root, not under it", lambda square, epsilon: 1 / (np.sqrt(square) + epsilon)),
    ("bounds the mean square from below, not added", lambda square, epsilon: np.maximum(square, epsilon) ** -0.5),
    ("bounds the root from below, not added", lambda square, epsilon: 1 / np.maximum(np.sqrt(square), epsilon)),
    ("is added to the inverse root", lambda square, epsilon: 1 / np.sqrt(square) + epsilon),
)


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Each place with the stored epsilon, and with the one that fits it best."""
    stored = case.settings.norm_epsilon
    for place, rule in _PLACES:
        yield Prediction(f"epsilon {place}", _output(case, rule, stored))
        solved = _solved(case, rule)
        for epsilon, fitted in round_numbers(solved):
            sentence = f"epsilon {place}, and is {epsilon:.3g} instead of {stored:.3g}"
            yield Prediction(sentence, _output(case, rule, epsilon), fitted)


def _solved(case: SourceCase, rule: _Rule) -> float:
    def left(log_epsilon: float) -> float:
        return gain_distance(case, lambda square: rule(square, float(np.exp(log_epsilon))))

    return float(np.exp(minimum(left, np.linspace(np.log(1e-12), np.log(10.0), 49))))


def _output(case: SourceCase, rule: _Rule, epsilon: float) -> Floats:
    x = case.inputs[0]
    with np.errstate(divide="ignore", invalid="ignore"):  # padding may be zero
        output: Floats = x * rule((x * x).mean(axis=-1, keepdims=True), epsilon) * norm_weight(case)
    return output


NORM_EPSILON_PLACE = Hypothesis("norm_epsilon_place", ("rms_norm",), _predict, rank=3)
