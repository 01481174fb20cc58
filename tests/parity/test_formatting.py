from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.comparison import ArrayInfo
from parity.formatting import (
    format_array,
    format_cosine,
    format_count,
    format_index,
    format_metric,
    format_piece,
    format_ranges,
    format_share,
    format_value,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0"),
        (-0.0, "0"),
        (1, "1.00"),
        (0.0012345, "0.00123"),
        (0.00099999, "0.00100"),
        (9.999, "10.0"),
        (999.9, "1000"),
        (9999.6, "1.00e4"),
        (1.2345e-5, "1.23e-5"),
        (-2.5e-30, "-2.50e-30"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "nan"),
    ],
)
def test_a_metric_has_three_significant_digits(value: float | None, text: str) -> None:
    assert format_metric(value) == text


@given(st.floats(min_value=1e-99, max_value=1e99))
def test_a_metric_reads_back_within_half_a_unit_of_its_last_digit(value: float) -> None:
    text = format_metric(value)
    assert len(text) <= 8
    assert float(text) == pytest.approx(value, rel=5.01e-3)


@given(st.integers(1, 10**9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_is_whole_only_when_it_is(counts: tuple[int, int]) -> None:
    part, whole = counts
    text = format_share(part, whole)
    assert (text == "0%") is (part == 0)
    assert (text == "100%") is (part == whole)


def test_neighbours_in_half_precision_look_different() -> None:
    assert format_value(1.0009765625) != format_value(1.0)
    assert format_value(2047.0) != format_value(2046.0)


def test_a_cosine_near_one_is_not_called_one() -> None:
    assert format_cosine(0.99939) == "0.999390"


def test_index_shape_count_and_piece() -> None:
    assert format_index((0, 12, 3, 7)) == "0,12,3,7"
    assert format_index((0, 12, 7), ("batch", "token", "channel")) == "prompt 0, token 12, channel 7"
    assert format_array(ArrayInfo("float16", (4, 412, 128))) == "float16 [4, 412, 128]"
    assert format_array(None) == "absent"
    assert format_count(1234567) == "1,234,567"
    assert format_piece(" a\n") == "␣a⏎"


@pytest.mark.parametrize(
    ("numbers", "text"),
    [((), ""), ((3,), "3"), ((0, 1), "0, 1"), ((0, 2, 3, 4, 5, 7, 8), "0, 2–5, 7, 8"), (range(24), "0–23")],
)
def test_runs_of_numbers_are_told_in_short(numbers: Sequence[int], text: str) -> None:
    assert format_ranges(numbers) == text
