"""The gated activation of gpt-oss: ``x · sigmoid(βx) · (up + 1)``, and its kin with other activations."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.activations import ACTIVATIONS
from parity.diagnose.case import SourceCase
from parity.diagnose.columns import input_columns, token_weights, weighted
from parity.diagnose.fitting import minimum, round_numbers
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.thinning import thinned
from parity.replay.arrays import Floats
from parity.replay.ops import silu

__all__ = ["ACTIVATION_UP_SHIFTED"]

_TRIED = 2


def _predict(case: SourceCase) -> Iterable[Prediction]:
    thin = thinned(case)
    gate, shifted = input_columns(thin, 0), input_columns(thin, 1) + 1
    target, unit = weighted(thin, thin.output), token_weights(thin)[:, None]

    def left(activated: Floats) -> float:
        return float(np.square(unit * activated * shifted - target).sum())

    def left_by_slope(log_slope: float) -> float:
        return left(_swish(gate, float(np.exp(log_slope))))

    distances = {name: left(activation(gate)) for name, activation in ACTIVATIONS.items()}
    for name in sorted(distances, key=lambda name: distances[name])[:_TRIED]:
        yield _prediction(case, ACTIVATIONS[name](case.inputs[0]), f"{name} instead of SiLU", 0)
    solved = float(np.exp(minimum(left_by_slope, np.linspace(np.log(0.02), np.log(50.0), 41))))
    for slope, fitted in round_numbers(solved):
        yield _prediction(case, _swish(case.inputs[0], slope), f"x · sigmoid({slope:.4g} x)", fitted)


def _prediction(case: SourceCase, activated: Floats, words: str, fitted: int) -> Prediction:
    sentence = f"up counts from one and the activation is {words}: activation(gate) · (up + 1)"
    return Prediction(sentence, activated * (case.inputs[1] + 1), fitted)


def _swish(x: Floats, slope: float) -> Floats:
    return silu(slope * x) / slope


ACTIVATION_UP_SHIFTED = Hypothesis("activation_up_shifted", ("silu_mul",), _predict, rank=2)
