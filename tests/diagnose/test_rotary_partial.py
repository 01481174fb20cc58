"""Planting RoPE on some of the channels."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, qwen3
from rotary_faults import partial, turned


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [4, 10, 16])
def test_the_number_of_channels_is_solved(size: int, dtype: str) -> None:
    cause = cause_of("layers.1.q_rope", partial(size), dtype=dtype, reference=qwen3())
    assert cause.hypothesis == "rotary_partial"
    assert f"only the first {size} of 32 channels" in cause.sentence or dtype != "float32"


def test_the_last_channels_may_be_those() -> None:
    cause = cause_of("layers.1.k_rope", partial(8, last=True), reference=qwen3())
    assert cause.hypothesis == "rotary_partial"
    assert "only the last 8 of 32 channels" in cause.sentence


def test_pairs_beyond_some_may_be_left_alone() -> None:
    fault = turned(frequencies=lambda omega: np.where(np.arange(omega.size) < 3, omega, 0.0))
    cause = cause_of("layers.1.k_rope", fault)
    assert cause.hypothesis == "rotary_partial"
    assert "only the first 3 of 8 pairs" in cause.sentence
