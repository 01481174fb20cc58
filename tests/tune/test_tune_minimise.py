from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.tune.minimise import minimal_subset


class Counted:
    """Passes with any of `enough` among the units."""

    def __init__(self, *enough: set[int]) -> None:
        self.enough = enough
        self.asked: list[frozenset[int]] = []

    def __call__(self, units: Sequence[int]) -> bool:
        self.asked.append(frozenset(units))
        return any(one <= set(units) for one in self.enough)


@given(st.lists(st.sets(st.integers(0, 19), max_size=5), min_size=1, max_size=4))
def test_what_is_left_passes_and_nothing_of_it_can_go(enough: list[set[int]]) -> None:
    passes = Counted(*enough)
    kept = minimal_subset(range(20), passes)
    assert passes(kept)
    assert not any(passes([unit for unit in kept if unit != left_out]) for left_out in kept)


@given(st.sets(st.integers(0, 31), min_size=1, max_size=6))
def test_it_takes_few_tests_and_none_twice(needed: set[int]) -> None:
    passes = Counted(needed)
    assert set(minimal_subset(range(32), passes)) == needed
    k = len(needed)
    assert len(passes.asked) <= 2 * k * ceil(log2(32 / k)) + 2 * k + 1
    assert len(passes.asked) == len(set(passes.asked))


@pytest.mark.parametrize(
    ("units", "expected"), [((1, 2, 3, 4), {1, 2}), ((4, 3, 2, 1), {4, 3}), ((1, 3, 4, 2), {3, 4})]
)
def test_it_does_without_the_last_units_first(units: tuple[int, ...], expected: set[int]) -> None:
    assert set(minimal_subset(units, Counted({1, 2}, {3, 4}))) == expected


def test_nothing_is_kept_where_nothing_is_needed() -> None:
    assert minimal_subset((1, 2), Counted(set())) == ()
    assert minimal_subset((), Counted({1})) == ()
