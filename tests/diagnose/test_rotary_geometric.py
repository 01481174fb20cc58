"""Planting frequencies that start elsewhere."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of, number_in, qwen3
from rotary_faults import geometric, turned


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("shift", [1.0, 0.5])
def test_an_index_that_starts_elsewhere_is_solved(shift: float, dtype: str) -> None:
    start = 1e6 ** (-shift / 16)
    cause = cause_of("layers.1.q_rope", turned(frequencies=geometric(start, 1e6)), dtype=dtype, reference=qwen3())
    assert cause.hypothesis == "rotary_geometric"
    assert number_in(r"start at index (\S+) instead", cause.sentence) == pytest.approx(shift)


@pytest.mark.parametrize("dtype", DTYPES)
def test_any_geometric_sequence_is_solved(dtype: str) -> None:
    cause = cause_of("layers.1.q_rope", turned(frequencies=geometric(0.3, 5e4)), dtype=dtype, reference=qwen3())
    assert cause.hypothesis == "rotary_geometric"
    assert number_in(r"are (\S+)·", cause.sentence) == pytest.approx(0.3, rel=0.01)
    assert number_in(r"·(\S+)\^", cause.sentence) == pytest.approx(5e4, rel=0.1)
