"""Gated activations that count up from one, as gpt-oss has them."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of

from parity.diagnose.activations import ACTIVATIONS
from parity.replay.ops import silu

ACT = "layers.1.act"


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_slope_of_gpt_oss_is_solved(dtype: str) -> None:
    cause = cause_of(ACT, lambda _, inputs: silu(1.3 * inputs[0]) / 1.3 * (inputs[1] + 1), dtype=dtype)
    assert cause.hypothesis == "activation_up_shifted"
    assert "x · sigmoid(1.3 x)" in cause.sentence
    assert "(up + 1)" in cause.sentence


@pytest.mark.parametrize("name", ["GELU", "quick GELU (x · sigmoid(1.702 x))", "squared ReLU"])
def test_other_activations_are_named(name: str) -> None:
    cause = cause_of(ACT, lambda _, inputs: ACTIVATIONS[name](inputs[0]) * (inputs[1] + 1))
    assert cause.hypothesis == "activation_up_shifted"
    assert name in cause.sentence
