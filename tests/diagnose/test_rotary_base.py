"""Planting another RoPE base; it is solved for, so no list of usual bases is needed."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of, number_in, qwen3
from rotary_faults import base, turned


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("value", [1e4, 5e5, 7.3e6])
def test_the_base_is_solved(value: float, dtype: str) -> None:
    cause = cause_of("layers.0.q_rope", turned(frequencies=base(value)), dtype=dtype)
    assert cause.hypothesis == "rotary_base"
    assert number_in(r"RoPE base (\S+) instead of 1000000", cause.sentence) == pytest.approx(value, rel=0.02)


@pytest.mark.parametrize(("value", "digits"), [(123456.0, 1e-5), (3.3e7, 1e-9)])
def test_a_base_that_is_not_round_is_given_to_its_last_digit(value: float, digits: float) -> None:
    cause = cause_of("layers.1.k_rope", turned(frequencies=base(value)), reference=qwen3())
    assert cause.hypothesis == "rotary_base"
    assert number_in(r"RoPE base (\S+) instead", cause.sentence) == pytest.approx(value, rel=digits)


def test_a_base_that_a_family_of_models_uses_is_said_to_be_theirs() -> None:
    assert "(Llama 3's)" in cause_of("layers.0.k_rope", turned(frequencies=base(5e5))).sentence


def test_a_scale_beside_the_base_is_found_too() -> None:
    cause = cause_of("layers.0.q_rope", turned(frequencies=base(1e4), scale=1.2))
    assert cause.hypothesis == "rotary_base"
    assert cause.sentence.endswith("and cos and sin times 1.2")
