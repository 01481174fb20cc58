"""Finding which column is which."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from parity.diagnose.matching import match_columns


def columns(seed: int, rows: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, width))


@given(seed=st.integers(0, 10_000), width=st.integers(2, 40))
def test_neither_factors_nor_offsets_nor_a_huge_row_hide_the_partner(seed: int, width: int) -> None:
    pool, rng = columns(seed, 60, 40), np.random.default_rng(seed + 1)
    order = rng.permutation(40)[:width]
    target = pool[:, order] * rng.uniform(0.1, 10, width) + rng.normal(0, 5, width)
    weights = np.ones(60)
    pool[0] *= 1e6
    target[0] = rng.standard_normal(width) * 1e6
    weights[0] = 1e-9
    found = match_columns(target, pool, weights=weights)
    assert found is not None
    assert np.array_equal(found.partner, order)
    assert found.share == 1


def test_strangers_have_no_partner() -> None:
    found = match_columns(columns(0, 60, 5), columns(1, 60, 40), weights=np.ones(60))
    assert found is not None
    assert (found.partner == -1).all()


def test_constant_columns_have_no_partner() -> None:
    found = match_columns(np.full((60, 2), 7.0), columns(1, 60, 40), weights=np.ones(60))
    assert found is not None
    assert (found.partner == -1).all()


def test_of_equal_columns_the_own_one_is_preferred() -> None:
    pool = np.repeat(columns(0, 60, 5), 2, axis=1)
    found = match_columns(pool, pool, weights=np.ones(60), own=np.arange(10))
    assert found is not None
    assert np.array_equal(found.partner, np.arange(10))


def test_too_few_rows_say_nothing() -> None:
    assert match_columns(columns(0, 7, 3), columns(0, 7, 3), weights=np.ones(7)) is None
