"""Planting a wrong dimension in the exponent of the frequencies."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of, qwen3
from rotary_faults import base, turned


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("dimension", "words"), [(32, "twice head_dim"), (8, "half of head_dim"), (64, "hidden instead")]
)
def test_the_dimension_is_named(dimension: int, words: str, dtype: str) -> None:
    cause = cause_of("layers.1.q_rope", turned(frequencies=base(1e6 ** (16 / dimension))), dtype=dtype)
    assert cause.hypothesis == "rotary_exponent"
    assert words in cause.sentence


def test_hidden_over_heads_is_named_where_head_dim_is_another_number() -> None:
    cause = cause_of("layers.1.k_rope", turned(frequencies=base(1e6 ** (32 / 16))), reference=qwen3())
    assert cause.hypothesis == "rotary_exponent"
    assert "have 16 in the exponent" in cause.sentence
