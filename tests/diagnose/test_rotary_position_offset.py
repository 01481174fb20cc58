"""Planting positions that are moved by one number."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of
from rotary_faults import turned


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shift", [1, -3, 1000])
def test_the_offset_is_solved(shift: int, dtype: str) -> None:
    cause = cause_of("layers.1.q_rope", turned(positions=lambda p, tokens: p + shift), dtype=dtype)
    assert cause.hypothesis == "rotary_position_offset"
    assert f"{abs(shift)} too {'large' if shift > 0 else 'small'}" in cause.sentence
    assert cause.fitted == 1


def test_a_lag_may_stop_at_zero() -> None:
    cause = cause_of("layers.1.k_rope", turned(positions=lambda p, tokens: np.maximum(p - 2, 0)))
    assert cause.hypothesis == "rotary_position_offset"
    assert "2 too small, but not below 0" in cause.sentence
