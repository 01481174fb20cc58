"""Names of orders."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.diagnose.permutation import layout_orders, named_order

OWN = np.arange(24)


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_every_layout_is_an_order_and_has_its_own_name(heads: int) -> None:
    orders = list(layout_orders(heads, 24 // heads))
    assert len({order.name for order in orders}) == len(orders)
    for order in orders:
        assert np.array_equal(np.sort(order.channels), OWN)
        found = named_order(order.channels, heads, 24 // heads)
        assert found is not None
        assert np.array_equal(found.channels, order.channels)


@given(st.integers(1, 23))
def test_shifts_are_named_by_the_shorter_way(shift: int) -> None:
    found = named_order((OWN + shift) % 24, 1, 24)
    assert found is not None
    assert np.array_equal(found.channels, (OWN + shift) % 24)
    if shift != 12:  # half of the channels: both halves exchanged
        assert found.name == f"shifted by {shift if shift <= 12 else shift - 24}"


@given(st.permutations(range(4)))
def test_orders_of_heads_are_named(order: list[int]) -> None:
    channels = OWN.reshape(4, 6)[order].ravel()
    found = named_order(channels, 4, 6)
    assert (found is None) == (order == [0, 1, 2, 3])
    if found is not None:
        assert np.array_equal(found.channels, channels)


def test_one_order_within_all_heads_is_named() -> None:
    inner = np.array([0, 2, 1, 5, 4, 3])
    found = named_order(OWN.reshape(4, 6)[:, inner].ravel(), 4, 6)
    assert found is not None
    assert found.name == "within each head in order but for 4 that are exchanged (1 is 2, 2 is 1, 3 is 5, 5 is 3)"


def test_any_order_within_all_heads_is_found() -> None:
    inner = np.random.default_rng(1).permutation(16)
    found = named_order(np.arange(64).reshape(4, 16)[:, inner].ravel(), 4, 16)
    assert found is not None
    assert found.name == "permuted alike within each head"


def test_unknown_entries_are_filled_in() -> None:
    found = (OWN + 5) % 24
    found[3] = -1
    named = named_order(found, 1, 24)
    assert named is not None
    assert np.array_equal(named.channels, (OWN + 5) % 24)


def test_nothing_is_named_where_all_is_in_order_or_unknown() -> None:
    assert named_order(OWN, 4, 6) is None
    assert named_order(np.full(24, -1), 4, 6) is None


def test_few_that_are_exchanged_are_listed_however_many_others_are_in_place() -> None:
    own = np.arange(400)
    own[[7, 300]] = 300, 7
    found = named_order(own, 1, 400)
    assert found is not None
    assert found.name == "in order but for 2 that are exchanged (7 is 300, 300 is 7)"
    assert np.array_equal(found.channels, own)


def test_few_that_are_misread_are_no_order() -> None:
    own = np.arange(400)
    own[7] = 300
    assert named_order(own, 1, 400) is None


def test_a_table_read_column_by_column_is_named() -> None:
    found = named_order(np.arange(2048).reshape(4, 512).T.ravel(), 1, 2048)
    assert found is not None
    assert found.name == "read column by column from a table of 4 rows of 512"


def test_packed_eights_are_named() -> None:
    packed = np.arange(64).reshape(-1, 8)[:, [0, 2, 4, 6, 1, 3, 5, 7]].ravel()
    found = named_order(packed, 1, 64)
    assert found is not None
    assert "AWQ" in found.name
