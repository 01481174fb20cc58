"""The fixed order of looking at a tap: present, shape and dtype, finite, values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from parity.compare import Subject, compare
from parity.comparison import TapResult
from parity.errors import ParityError
from parity.limits import default_limits
from parity.taps import DecoderShape, decoder_taps, select_taps
from parity.tokens import TokenBatch

GRAPH = decoder_taps(DecoderShape(1, 8, 2, 1, 4, 8, 8))
NAMES = [tap.name for tap in select_taps(GRAPH, "layers")]
TOKENS = TokenBatch.from_sequences([[1, 2, 3]])
LIMITS = default_limits("float16")


def arrays(seed: int = 0) -> dict[str, npt.NDArray[Any]]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=(1, 3, 8)) for name in NAMES}


def subject(candidate: dict[str, npt.NDArray[Any]]) -> Subject:
    floor = {name: array.astype(np.float16) for name, array in arrays().items()}
    return Subject("prefill", TOKENS, GRAPH, arrays(), candidate, "float16", floors=(floor,))


def compared(candidate: dict[str, npt.NDArray[Any]]) -> dict[str, TapResult]:
    return {row.tap: row for row in compare(subject(candidate), LIMITS)}


def test_missing_and_extra_taps_are_rows() -> None:
    candidate = arrays()
    del candidate["embed"]
    candidate["invented"] = np.zeros((1, 3, 8))
    found = compared(candidate)
    assert found["embed"].status == "missing"
    assert found["embed"].fails()
    assert found["invented"].status == "extra"
    assert not found["invented"].fails()
    assert list(found) == [*NAMES, "invented"]


def test_a_wrong_shape_becomes_no_number() -> None:
    candidate = arrays()
    candidate["logits"] = candidate["logits"][..., :7]
    row = compared(candidate)["logits"]
    assert row.status == "shape"
    assert "(1, 3, 8), the candidate (1, 3, 7)" in row.reason
    assert (row.errors, row.noise, row.elements) == (None, None, 0)


def test_integers_hold_no_activations() -> None:
    candidate = arrays()
    candidate["logits"] = candidate["logits"].astype(np.int8)
    row = compared(candidate)["logits"]
    assert row.status == "shape"
    assert "int8, which holds no real numbers" in row.reason


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_counted_and_placed_and_never_replaced(value: float) -> None:
    candidate = arrays()
    candidate["embed"][0, 2, 5] = value
    row = compared(candidate)["embed"]
    assert row.status == "not finite"
    assert row.errors is None
    assert row.non_finite is not None
    assert (row.non_finite.reference, row.non_finite.candidate) == (0, 1)
    assert row.worst is not None
    assert row.worst.index == (0, 2, 5)
    np.testing.assert_equal(row.worst.candidate_value, value)
    np.testing.assert_equal(candidate["embed"][0, 2, 5], value)


def test_a_truth_that_is_not_finite_is_said_to_be_so() -> None:
    broken = arrays()
    broken["embed"][0, 0, 0] = np.nan
    rows = compare(replace(subject(arrays()), reference=broken), LIMITS)
    assert rows[0].status == "not finite"
    assert "the truth itself" in rows[0].reason


def test_a_floor_that_is_not_finite_serves_nothing_and_is_mentioned() -> None:
    floor = {name: array.copy() for name, array in arrays(1).items()}
    floor["embed"][0, 0, 0] = np.inf
    rows = compare(replace(subject(arrays()), floors=(floor,)), LIMITS)
    assert rows[0].noise is None
    assert "1 of 1 floor runs lack a finite value" in rows[0].reason
    assert rows[1].noise is not None


def test_zero_compared_taps_is_an_error() -> None:
    with pytest.raises(ParityError, match="not one of 4 taps could be compared"):
        compare(subject({}), LIMITS)


def test_every_row_carries_the_limits_it_was_judged_by() -> None:
    for row in compared(arrays()).values():
        assert row.limits == LIMITS.for_tap(row.tap)


def test_the_worst_element_has_its_place_and_both_values() -> None:
    candidate = arrays()
    candidate["embed"][0, 1, 4] += 2
    worst = compared(candidate)["embed"].worst
    assert worst is not None
    assert (worst.index, worst.axes) == ((0, 1, 4), ("batch", "token", "channel"))
    assert worst.candidate_value - worst.reference_value == pytest.approx(2)
