"""Planting positions without a rule."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of
from rotary_faults import turned


@pytest.mark.parametrize("dtype", DTYPES)
def test_positions_without_a_rule_are_described(dtype: str) -> None:
    scattered = np.random.default_rng(0).integers(0, 60, 48).astype(np.float64)
    cause = cause_of("layers.1.q_rope", turned(positions=lambda p, tokens: scattered[p.astype(int)]), dtype=dtype)
    assert cause.hypothesis == "rotary_positions"
    assert f"0 → {scattered[0]:.0f}, 1 → {scattered[1]:.0f}" in cause.sentence
    assert cause.fitted == 68
