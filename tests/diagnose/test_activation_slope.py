"""Swish with another slope, or a gate with a factor; both are solved for."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of, number_in

from parity.replay.ops import silu

ACT = "layers.1.act"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("slope", [0.5, 1.3, 2.0])
def test_the_slope_is_solved(slope: float, dtype: str) -> None:
    cause = cause_of(ACT, lambda reference, inputs: silu(slope * inputs[0]) / slope * inputs[1], dtype=dtype)
    assert cause.hypothesis == "activation_slope"
    assert number_in(r"sigmoid\((\S+) x\)", cause.sentence) == pytest.approx(slope, rel=0.01)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("factor", [0.25, 1.7])
def test_a_factor_on_the_gate_is_solved(factor: float, dtype: str) -> None:
    cause = cause_of(ACT, lambda reference, inputs: silu(factor * inputs[0]) * inputs[1], dtype=dtype)
    assert cause.hypothesis == "activation_slope"
    assert number_in(r"multiplied by (\S+) before", cause.sentence) == pytest.approx(factor, rel=0.01)
