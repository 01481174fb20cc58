"""Planting RoPE applied more than once."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of
from rotary_faults import turned


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("times", "words"), [(2, "twice"), (3, "three times")])
def test_it_is_named(times: int, words: str, dtype: str) -> None:
    cause = cause_of("layers.1.k_rope", turned(frequencies=lambda omega: times * omega), dtype=dtype)
    assert cause.hypothesis == "rotary_repeated"
    assert words in cause.sentence
