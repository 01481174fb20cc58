from __future__ import annotations

from dataclasses import replace

import pytest
from made_rows import diagnosed, row
from selftest_cases import control, fault, outcome

from parity.diagnosis import Cause
from parity.selftest.outcome import outcome_of

BASE = Cause("rotary_base", "RoPE base 10000", 1.0, 1.0, 1.5, 1)


def test_a_source_with_its_cause_is_right() -> None:
    case = fault(("layers.3.q_rope", "rotary_base"))
    rows = [row("layers.3.k"), diagnosed(row("layers.3.q_rope", status="mismatch"), "source", BASE)]
    found = outcome_of(case, rows, 2.0)
    assert (found.detected, found.right_tap, found.right_cause) == (True, True, True)
    assert (found.found_tap, found.found_cause) == ("layers.3.q_rope", "rotary_base")


def test_an_earlier_source_makes_the_tap_wrong_and_counts_as_elsewhere() -> None:
    case = fault(("layers.3.q_rope", "rotary_base"))
    found = outcome(case, ("layers.1.act", ""), ("layers.3.q_rope", "rotary_base"))
    assert not found.right_tap
    assert found.right_cause
    assert [other.tap for other in found.elsewhere] == ["layers.1.act"]
    assert (found.found_tap, found.found_cause) == ("layers.1.act", "unexplained")


@pytest.mark.parametrize(
    ("named", "tap", "cause"),
    [
        ((("layers.1.q", "bias_missing"), ("layers.4.act", "activation_other")), True, True),
        ((("layers.1.q", "bias_missing"),), False, False),
        ((("layers.1.q", "bias_missing"), ("layers.4.act", "activation_slope")), True, False),
        ((("layers.4.act", "activation_other"), ("layers.1.q", "bias_missing")), False, True),
    ],
)
def test_of_two_faults_both_must_be_named(named: tuple[tuple[str, str], ...], tap: bool, cause: bool) -> None:
    case = fault(("layers.1.q", "bias_missing"), ("layers.4.act", "activation_other"), where="layers 1 and 4")
    found = outcome(case, *named)
    assert (found.right_tap, found.right_cause) == (tap, cause)
    assert case.group == "pairs"


@pytest.mark.parametrize(
    ("cause", "right"),
    [
        ("sliding_window+attention_scale", True),
        ("attention_scale+sliding_window", True),
        ("attention_scale", False),
        ("attention_scale+score_cap", False),
    ],
)
def test_two_faults_in_one_operation_must_both_be_named_there(cause: str, right: bool) -> None:
    tap = "layers.2.attn_ctx"
    case = fault((tap, "attention_scale"), (tap, "sliding_window"), where="layer 2", id="C02+C05")
    found = outcome(case, (tap, cause))
    assert found.right_tap
    assert found.right_cause == right
    assert case.group == "pairs"


def test_a_second_cause_that_was_not_planted_is_wrong() -> None:
    found = outcome(fault(("layers.2.attn_ctx", "attention_scale")), ("layers.2.attn_ctx", "attention_scale+score_cap"))
    assert not found.right_cause


def test_harmless_rows_and_carriers_are_not_named() -> None:
    rows = [
        replace(diagnosed(row("layers.0.q_rope"), "source", BASE), status="harmless"),
        diagnosed(row("layers.0.attn_ctx"), "carrier"),
    ]
    found = outcome_of(control("B09"), rows, 1.0)
    assert not found.found
    assert not found.detected


def test_a_wrong_capture_is_named_by_its_status() -> None:
    case = fault(("layers.3.k", ""), id="G04", size="")
    found = outcome_of(case, [row("layers.3.k", status="aliased")], 1.0)
    assert (found.detected, found.right_tap, found.right_cause) == (True, True, True)
    assert found.found_cause == "aliased"


def test_a_source_instead_of_a_wrong_capture_has_no_right_cause() -> None:
    found = outcome(fault(("layers.3.k", ""), id="G04", size=""), ("layers.3.k", "rotary_base"))
    assert found.right_tap
    assert not found.right_cause
