"""A linear tap replayed with other operands."""

from __future__ import annotations

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns, token_weights
from parity.replay.arrays import Floats, widened
from parity.replay.ops import linear

__all__ = ["effective_bias", "linear_output", "stored_bias", "stored_weight"]


def stored_weight(case: SourceCase) -> Floats:
    """The stored weights of a linear tap, float64 ``[out, in]``."""
    weight = case.parameters.weight
    assert weight is not None
    return widened(weight)


def stored_bias(case: SourceCase) -> Floats:
    """The stored bias, float64 ``[out]``; zero where there is none."""
    bias = case.parameters.bias
    return np.zeros(columns(case, case.output).shape[1]) if bias is None else widened(bias)


def linear_output(
    case: SourceCase, *, weight: Floats | None = None, bias: Floats | None = None, x: Floats | None = None
) -> Floats:
    """``x Wᵀ + b`` with the axes of the tap; captured input and stored parameters where none are given."""
    weight = stored_weight(case) if weight is None else weight
    bias = stored_bias(case) if bias is None else bias
    return linear(case.inputs[0] if x is None else x, weight, bias).reshape(case.output.shape)


def effective_bias(case: SourceCase) -> Floats:
    """The bias that the candidate added, if its weights are the stored ones: float64 ``[out]``."""
    weights = token_weights(case) ** 2
    total = weights.sum()
    mean = weights @ columns(case, case.residual) / total if total > 0 else columns(case, case.residual).mean(axis=0)
    added: Floats = stored_bias(case) + mean
    return added
