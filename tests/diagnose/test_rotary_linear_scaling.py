"""Planting linearly scaled positions."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of, number_in
from rotary_faults import turned


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("factor", [4.0, 2.7, 0.25])
def test_the_factor_is_solved(factor: float, dtype: str) -> None:
    cause = cause_of("layers.1.k_rope", turned(frequencies=lambda omega: omega / factor), dtype=dtype)
    assert cause.hypothesis == "rotary_linear_scaling"
    assert number_in(r"factor (\S+):", cause.sentence) == pytest.approx(factor, rel=0.01)
