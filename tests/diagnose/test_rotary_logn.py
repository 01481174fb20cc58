"""Planting logarithmic scaling on q."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of, number_in
from rotary_faults import logn


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", [16, 29])
def test_the_length_is_solved(length: int, dtype: str) -> None:
    cause = cause_of("layers.1.q_rope", logn(length), dtype=dtype)
    assert cause.hypothesis == "rotary_logn"
    assert number_in(r"L = (\d+)", cause.sentence) == pytest.approx(length, abs=0 if dtype != "bfloat16" else 1)
