"""Some other function of the gate alone, whatever it is."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import input_columns, weighted
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.thinning import thinned

__all__ = ["ACTIVATION_UNKNOWN"]

_VALUES_PER_KNOT = 64
_MOST_KNOTS = 256


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Output over up is fitted as a piecewise linear function of the gate, with knots at its quantiles."""
    thin = thinned(case)
    gate, up = input_columns(thin, 0).ravel(), weighted(thin, thin.inputs[1]).ravel()
    knots = np.unique(np.quantile(gate, np.linspace(0, 1, min(_MOST_KNOTS, 2 + gate.size // _VALUES_PER_KNOT))))
    if knots.size < 3:
        return
    place = np.clip(np.searchsorted(knots, gate) - 1, 0, knots.size - 2)
    ahead = (gate - knots[place]) / (knots[place + 1] - knots[place])
    parts, target = ((1 - ahead) * up, ahead * up), weighted(thin, thin.output).ravel()
    normal, right = np.zeros((knots.size, knots.size)), np.zeros(knots.size)
    for i, part in enumerate(parts):
        right += np.bincount(place + i, part * target, knots.size)
        for j, other in enumerate(parts):
            flat = (place + i) * knots.size + place + j
            normal += np.bincount(flat, part * other, knots.size**2).reshape(normal.shape)
    heights = np.linalg.lstsq(normal, right, rcond=None)[0]
    output = np.interp(case.inputs[0], knots, heights) * case.inputs[1]
    yield Prediction("up is multiplied by another function of the gate than SiLU", output, knots.size)


ACTIVATION_UNKNOWN = Hypothesis("activation_unknown", ("silu_mul",), _predict, rank=60)
