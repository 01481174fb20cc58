"""Weights rounded to a grid of few bits, as weight-only quantisation does."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.excerpt import linear_excerpt
from parity.diagnose.grids import column_extremes, grids, quantised
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import linear_output, stored_weight

__all__ = ["WEIGHTS_QUANTISED"]

_PROBED_CHANNELS = 16
_TRIED = 3


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """All grids are tried on a few output channels, the best three in full."""
    excerpt, stored = linear_excerpt(case), case.parameters.weight
    assert stored is not None
    extremes = column_extremes(stored)
    probes = np.unique(np.linspace(0, excerpt.channels.size - 1, _PROBED_CHANNELS).astype(np.intp))
    rows, residual = excerpt.weight[probes], excerpt.residual[:, probes]
    change = {grid: excerpt.x @ (quantised(rows, grid, extremes) - rows).T for grid in grids(stored.shape[1])}
    left = {grid: float(np.square(residual - product).sum()) for grid, product in change.items()}
    for grid in sorted(left, key=lambda grid: left[grid])[:_TRIED]:
        if excerpt.is_promising(excerpt.linear(quantised(excerpt.weight, grid, extremes))):
            for single in (False, True):
                weight = quantised(stored_weight(case), grid, extremes, single=single)
                sentence = f"the weights are quantised to {grid.name}"
                yield Prediction(sentence, linear_output(case, weight=weight), 1 + abs(grid.zero_shift))


WEIGHTS_QUANTISED = Hypothesis("weights_quantised", ("linear",), _predict, rank=4)
