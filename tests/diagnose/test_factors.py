"""Numbers that people write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy_decoder import QWEN2

from parity.diagnose.factors import likely_factors, named_factor


@pytest.mark.parametrize("exact", [2, 0.5, 1 / 3, 8, -1, 2**0.5, 1 / 7**0.5, 127])
@pytest.mark.parametrize("noise", [-1e-3, 0, 1e-4])
def test_the_exact_number_is_proposed_before_the_noisy_one(exact: float, noise: float) -> None:
    proposed = list(likely_factors(exact * (1 + noise)))
    assert any(number == pytest.approx(exact, rel=1e-12) for number in proposed)
    assert proposed[-1] == exact * (1 + noise)


@given(st.floats(-1e6, 1e6))
def test_proposals_are_near_and_the_last_is_the_number_itself(value: float) -> None:
    proposed = list(likely_factors(value))
    assert proposed[-1] == value
    assert all(abs(number - value) <= 0.02 * abs(value) + 1e-300 for number in proposed)


def test_sizes_of_the_model_are_recognised() -> None:
    assert named_factor(8.0001, shape=QWEN2) == "8 (√hidden)"
    assert named_factor(0.25, shape=QWEN2) == "0.25 (1/√head_dim)"
    assert named_factor(1.07, shape=QWEN2) == "1.07"
