"""Outliers of inputs or weights that are cut off; the limit is solved for."""

from __future__ import annotations

import pytest
from planting import DTYPES, altered, cause_of, number_in, weight_and_bias

from parity.replay.arrays import Floats
from parity.replay.ops import linear
from parity.replay.replay import Reference

DOWN = "layers.1.mlp_out"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("limit", [0.5, 1.23])
def test_the_limit_on_inputs_is_solved(limit: float, dtype: str) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return linear(inputs[0].clip(-limit, limit), weight_and_bias(reference, DOWN)[0])

    cause = cause_of(DOWN, fault, dtype=dtype)
    assert cause.hypothesis == "operands_clamped"
    assert number_in(r"inputs are cut off at ±(\S+)", cause.sentence) == pytest.approx(limit, rel=0.01)


@pytest.mark.parametrize("limit", [0.1, 0.172])
def test_the_limit_on_weights_is_solved(limit: float) -> None:
    cause = cause_of(DOWN, altered(DOWN, lambda weight, bias: (weight.clip(-limit, limit), bias)))
    assert number_in(r"weights are cut off at ±(\S+)", cause.sentence) == pytest.approx(limit, rel=0.01)
