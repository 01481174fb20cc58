"""Weights read along the wrong axis."""

from __future__ import annotations

import pytest
from planting import DTYPES, altered, cause_of


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tap", ["layers.1.q", "layers.0.attn_out"])
def test_square_weights(tap: str, dtype: str) -> None:
    cause = cause_of(tap, altered(tap, lambda weight, bias: (weight.T, bias)), dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("weight_transposed", "the weights are transposed")


@pytest.mark.parametrize("tap", ["layers.1.k", "layers.0.gate", "layers.1.mlp_out"])
def test_both_readings_of_oblong_weights(tap: str) -> None:
    one = cause_of(tap, altered(tap, lambda weight, bias: (weight.T.reshape(weight.shape), bias)))
    assert (one.hypothesis, one.sentence) == ("weight_transposed", "the weights are transposed")
    other = cause_of(tap, altered(tap, lambda weight, bias: (weight.reshape(weight.shape[::-1]).T, bias)))
    assert other.sentence == "the weights are read as if they were stored transposed"
