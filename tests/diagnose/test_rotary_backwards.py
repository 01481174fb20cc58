"""Planting a rotation in the other direction."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of
from rotary_faults import turned


@pytest.mark.parametrize("dtype", DTYPES)
def test_it_is_named(dtype: str) -> None:
    cause = cause_of("layers.1.k_rope", turned(frequencies=lambda omega: -omega), dtype=dtype)
    assert cause.hypothesis == "rotary_backwards"
