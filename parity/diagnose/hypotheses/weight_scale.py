"""Weights with a factor, all alike or row by row, while the bias keeps its size."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns, token_weights
from parity.diagnose.factors import likely_factors
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import linear_output, stored_bias

__all__ = ["WEIGHT_SCALE"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Without a bias, a factor on the weights is one on the output, which other hypotheses describe."""
    bias = stored_bias(case)
    if not bias.any():
        return
    weights = np.square(token_weights(case))[:, None]
    product, output = columns(case, case.predicted) - bias, columns(case, case.output) - bias
    overlap, size = (weights * product * output).sum(axis=0), (weights * product * product).sum(axis=0)
    product_of_all = linear_output(case, bias=np.zeros_like(bias))
    added = bias.reshape(case.output.shape[2:])
    solved = float(overlap.sum() / size.sum()) if size.any() else 1.0
    for factor in likely_factors(solved):
        if factor != 1:
            sentence = f"the weights are multiplied by {factor:.4g}, the bias is not"
            yield Prediction(sentence, factor * product_of_all + added, int(factor == solved))
    by_row = np.divide(overlap, size, out=np.ones_like(size), where=size > 0)
    sentence = f"each row of the weights has a factor of its own, {by_row.min():.3g} to {by_row.max():.3g}"
    yield Prediction(f"{sentence}; the bias has none", by_row.reshape(added.shape) * product_of_all + added, bias.size)


WEIGHT_SCALE = Hypothesis("weight_scale", ("linear",), _predict, rank=4)
