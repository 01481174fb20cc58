"""Planting dynamic NTK: for every prompt, and for long prompts only."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of, number_in
from rotary_faults import dynamic_ntk


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("alpha", [3, 7])
def test_a_usual_alpha_is_named(alpha: int, dtype: str) -> None:
    cause = cause_of("layers.1.q_rope", dynamic_ntk(alpha), dtype=dtype)
    assert cause.hypothesis == "rotary_dynamic_ntk"
    assert f"α = {alpha}:" in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("alpha", [3, 5.5])
def test_the_length_from_which_the_base_changes_is_named(alpha: float, dtype: str) -> None:
    cause = cause_of("layers.1.q_rope", dynamic_ntk(alpha, longer_than=30), dtype=dtype)
    assert cause.hypothesis == "rotary_dynamic_ntk"
    assert "prompts longer than 20 tokens" in cause.sentence
    assert number_in(r"α = ([0-9.]+)\)", cause.sentence) == pytest.approx(alpha, rel=0.05)
