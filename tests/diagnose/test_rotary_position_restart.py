"""Planting positions that start again, or count in groups."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of
from rotary_faults import turned


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("block", [16, 7])
def test_the_block_is_solved(block: int, dtype: str) -> None:
    cause = cause_of("layers.1.q_rope", turned(positions=lambda p, tokens: p % block), dtype=dtype)
    assert cause.hypothesis == "rotary_position_restart"
    assert f"start again at 0 every {block} tokens" in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("group", [2, 5])
def test_the_group_is_solved(group: int, dtype: str) -> None:
    cause = cause_of("layers.1.q_rope", turned(positions=lambda p, tokens: p // group), dtype=dtype)
    assert cause.hypothesis == "rotary_position_restart"
    assert f"{group} tokens share each position" in cause.sentence
