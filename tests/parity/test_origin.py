from __future__ import annotations

from dataclasses import replace

import pytest
from made_rows import absent, make, row, unmeasured

from parity.comparison import TapResult
from parity.origin import look_upstream, origin_clause


def clause(last: TapResult, *before: TapResult, strict: bool = False) -> str:
    return origin_clause(make(*before, last, strict=strict), last)


def test_fine_inputs_put_the_error_into_the_operation() -> None:
    bad = replace(row("q", "norm", status="mismatch", ratio=30.0), op="rotary")
    assert clause(bad, row("norm")) == (
        "its input norm (match, R 1.00) is fine, so the error arises here, in the rotary embedding"
    )


def test_a_failing_input_inherits_the_blame() -> None:
    bad = row("sum", "left", "right", status="mismatch", ratio=30.0)
    text = clause(bad, row("left"), row("right", status="mismatch", ratio=29.0))
    assert text == "its input right (mismatch, R 29.0) fails already, so look there first"


def test_a_flagged_input_fails_only_under_strict() -> None:
    bad = row("q", "norm", status="mismatch", ratio=30.0)
    assert "is fine" in clause(bad, row("norm", status="rounding"))
    assert "fails already" in clause(bad, row("norm", status="rounding"), strict=True)


@pytest.mark.parametrize(("ratio", "arises"), [(2.1, False), (3.7, False), (3.9, True)])
def test_an_error_that_only_crept_over_the_limit_is_not_born_here(ratio: float, arises: bool) -> None:
    text = clause(row("q", "norm", status="mismatch", ratio=ratio), row("norm", ratio=1.9))
    assert ("arises here" in text) is arises
    assert ("began before" in text) is not arises


def test_one_bad_token_is_a_step_even_where_the_median_is_not() -> None:
    text = clause(row("q", "norm", status="mismatch", ratio=1.1, worst=50.0), row("norm"))
    assert "arises here" in text


def test_without_a_floor_the_operation_is_not_blamed() -> None:
    text = clause(unmeasured(row("q", "norm", status="mismatch")), unmeasured(row("norm")))
    assert "arises here" not in text
    assert "(match, rel-L2 0.0340) is fine, but without a noise floor" in text


def test_a_gap_names_the_nearest_tap_that_was_compared() -> None:
    bad = row("layers.1.out", "layers.1.mid", status="mismatch", ratio=30.0)
    text = clause(bad, row("embed"), row("layers.0.out", ratio=1.3), absent("layers.1.mid", status="not observable"))
    assert text == (
        "its input layers.1.mid was not compared; the nearest tap before it that was, layers.0.out, has the status "
        "match, R 1.30"
    )


def test_a_gap_before_the_first_tap_leaves_the_question_open() -> None:
    assert "is open" in clause(row("q", "norm", status="mismatch", ratio=30.0))


def test_token_ids_are_equal_on_both_sides() -> None:
    bad = replace(row("embed", status="mismatch", ratio=30.0), op="embedding")
    assert clause(bad) == (
        "it is computed from the token ids, which are equal on both sides, so the error arises here, in the embedding"
    )


def test_only_the_same_phase_is_looked_at() -> None:
    elsewhere = replace(row("norm", status="mismatch", ratio=9.0), phase="decode.0")
    bad = row("q", "norm", status="mismatch", ratio=30.0)
    assert look_upstream(make(row("norm"), elsewhere, bad), bad).failing == ()


def test_an_input_with_nan_is_a_failing_input() -> None:
    bad = absent("q", "norm", status="not finite")
    assert "norm (not finite) fails already" in clause(bad, absent("norm", status="not finite"))


def test_an_extra_tap_has_no_known_origin() -> None:
    assert "reference lacks this tap" in clause(absent("layers.9.q", status="extra"), row("norm"))
