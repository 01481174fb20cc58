"""Planting positions that stand still."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of
from rotary_faults import turned


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_frozen_position_is_solved(dtype: str) -> None:
    cause = cause_of("layers.1.q_rope", turned(positions=lambda p, tokens: np.full_like(p, 7)), dtype=dtype)
    assert cause.hypothesis == "rotary_position_frozen"
    assert "every token has position 7" in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_largest_position_is_solved(dtype: str) -> None:
    cause = cause_of("layers.1.q_rope", turned(positions=lambda p, tokens: np.minimum(p, 15)), dtype=dtype)
    assert cause.hypothesis == "rotary_position_frozen"
    assert "positions stop at 15" in cause.sentence
