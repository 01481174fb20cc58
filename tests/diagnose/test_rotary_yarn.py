"""Planting YaRN where the reference has no scaling, and another YaRN than the reference's."""

from __future__ import annotations

import numpy as np
import pytest
from planting import cause_of, qwen3
from rotary_faults import turned, yarn


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(("factor", "low", "high"), [(4.0, 2, 5), (8.0, 1, 9)])
def test_factor_and_ramp_are_solved(factor: float, low: int, high: int, dtype: str) -> None:
    fault = turned(frequencies=yarn(factor, low, high), scale=0.1 * np.log(factor) + 1)
    cause = cause_of("layers.1.q_rope", fault, dtype=dtype, reference=qwen3())
    assert cause.hypothesis == "rotary_yarn"
    assert f"factor {factor:.0f}: pairs up to {low} keep" in cause.sentence
    assert f"from {high} on" in cause.sentence
    assert cause.fitted == 3


def test_a_missing_attention_factor_is_said() -> None:
    cause = cause_of("layers.1.q_rope", turned(frequencies=yarn(4.0, 2, 5)), reference=qwen3())
    assert cause.hypothesis == "rotary_yarn"
    assert "times" not in cause.sentence


def test_the_original_length_is_named_where_usual_betas_give_the_ramp() -> None:
    low, high = (np.log(4096 / (beta * 2 * np.pi)) / np.log(1e6) * 16 for beta in (32, 1))
    fault = turned(frequencies=yarn(4.0, int(np.floor(low)), int(np.ceil(high))))
    cause = cause_of("layers.1.q_rope", fault, reference=qwen3())
    assert "an original length of 4096" in cause.sentence
