"""Planting cos where sin belongs."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of
from rotary_faults import from_tables

TABLES = {
    "cos and sin are exchanged": lambda p, omega: (np.sin(p * omega), np.cos(p * omega)),
    "cos stands where sin belongs": lambda p, omega: (np.cos(p * omega), np.cos(p * omega)),
    "sin stands where cos belongs": lambda p, omega: (np.sin(p * omega), np.sin(p * omega)),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("words", TABLES)
def test_it_is_named(words: str, dtype: str) -> None:
    cause = cause_of("layers.1.q_rope", from_tables(TABLES[words]), dtype=dtype)
    assert cause.hypothesis == "rotary_cos_sin"
    assert words in cause.sentence
