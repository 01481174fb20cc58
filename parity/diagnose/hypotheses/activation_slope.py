"""``x · sigmoid(βx)`` with β other than one, or a factor on the gate before the activation."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import input_columns, token_weights, weighted
from parity.diagnose.fitting import minimum, round_numbers
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.thinning import thinned
from parity.replay.arrays import Floats
from parity.replay.ops import silu

__all__ = ["ACTIVATION_SLOPE"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    gate, up = case.inputs
    for slope, fitted in round_numbers(_solved(case, scaled=False)):
        yield Prediction(f"the activation is x · sigmoid({slope:.4g} x)", _swish(gate, slope) * up, fitted)
    for factor, fitted in round_numbers(_solved(case, scaled=True)):
        sentence = f"the gate is multiplied by {factor:.4g} before the activation"
        yield Prediction(sentence, silu(factor * gate) * up, fitted)


def _solved(case: SourceCase, *, scaled: bool) -> float:
    """β of ``x · sigmoid(βx)``, or of ``silu(βx)`` under `scaled`."""
    thin = thinned(case)
    gate, up = input_columns(thin, 0), input_columns(thin, 1)
    target, unit = weighted(thin, thin.output), token_weights(thin)[:, None]

    def left(log_slope: float) -> float:
        slope = float(np.exp(log_slope))
        activated = silu(slope * gate) if scaled else _swish(gate, slope)
        return float(np.square(unit * activated * up - target).sum())

    return float(np.exp(minimum(left, np.linspace(np.log(0.02), np.log(50.0), 41))))


def _swish(x: Floats, slope: float) -> Floats:
    """Ramachandran et al. 2017, arXiv 1710.05941."""
    return silu(slope * x) / slope


ACTIVATION_SLOPE = Hypothesis("activation_slope", ("silu_mul",), _predict, rank=3)
