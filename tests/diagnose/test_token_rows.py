"""Which tokens a search looks at."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from parity.diagnose.token_rows import real_tokens, spread
from parity.tokens import TokenBatch


@given(st.integers(1, 5000), st.integers(2, 800))
def test_a_spread_is_increasing_within_its_limit_and_holds_both_ends(count: int, limit: int) -> None:
    chosen = spread(count, limit)
    assert (np.diff(chosen) > 0).all()
    assert chosen.size <= limit
    assert (chosen[0], chosen[-1]) == (0, count - 1)


def test_a_spread_has_no_regular_step_and_no_wide_gap() -> None:
    chosen = spread(2560, 160)
    assert np.unique(np.diff(chosen)).size > 1
    assert np.diff(chosen).max() < 3 * 2560 / 160


def test_rows_are_the_real_tokens_of_a_batch_padded_on_the_left() -> None:
    mask = np.array([[False, True, True], [True, True, True]])
    positions = np.array([[9, 5, 6], [0, 1, 2]])
    rows = real_tokens(TokenBatch(np.zeros((2, 3), dtype=np.int64), mask, positions))
    assert rows.prompts.tolist() == [0, 0, 1, 1, 1]
    assert rows.places.tolist() == [1, 2, 0, 1, 2]
    assert rows.ordinals.tolist() == [0, 1, 0, 1, 2]
    assert rows.positions.tolist() == [5, 6, 0, 1, 2]
    assert rows.lengths.tolist() == [2, 2, 3, 3, 3]
    assert rows.take(np.array([1, 3])).places.tolist() == [2, 1]
