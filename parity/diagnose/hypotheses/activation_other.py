"""Another activation function than SiLU."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.activations import ACTIVATIONS
from parity.diagnose.case import SourceCase
from parity.diagnose.columns import input_columns, token_weights, weighted
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.thinning import thinned

__all__ = ["ACTIVATION_OTHER"]

_TRIED = 3


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """All are tried on some tokens, the nearest three on all."""
    thin = thinned(case)
    gate, up = input_columns(thin, 0), input_columns(thin, 1)
    weights = token_weights(thin)[:, None]
    target = weighted(thin, thin.output)
    left = {
        name: float(np.square(weights * activation(gate) * up - target).sum())
        for name, activation in ACTIVATIONS.items()
    }
    for name in sorted(left, key=lambda name: left[name])[:_TRIED]:
        output = ACTIVATIONS[name](case.inputs[0]) * case.inputs[1]
        yield Prediction(f"the activation is {name} instead of SiLU", output)


ACTIVATION_OTHER = Hypothesis("activation_other", ("silu_mul",), _predict, rank=1)
