"""Causes and costs in words."""

from __future__ import annotations

import pytest
from made_rows import absent, cost, row

from parity.answer import cost_sentence, logits_sentence
from parity.answer.cause_words import (
    EXPLAINED,
    NOT_SOUGHT,
    PARTLY_EXPLAINED,
    UNEXPLAINED,
    cause_answer,
    format_explained,
    verdict_of,
)
from parity.diagnosis import Cause

ROW = row("q", status="mismatch", ratio=40.0)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.5, "50%"),
        (0.875, "88%"),
        (0.9912, "99.12%"),
        (0.99998, "99.998%"),
        (0.99999996, "over 99.9999%"),
        (1.0, "100%"),
    ],
)
def test_a_share_shows_what_is_left_with_two_digits(share: float, text: str) -> None:
    assert format_explained(share) == text


def test_a_share_that_is_not_everything_never_reads_as_everything() -> None:
    assert format_explained(1 - 1e-8) != "100%"


def test_a_cause_that_leaves_rounding_is_an_explanation() -> None:
    cause = Cause("bias_missing", "the bias is missing.", 0.9998, 1.03, 2.1, 0)
    answer = cause_answer(cause, ROW)
    assert answer.sentence == "the bias is missing"
    assert answer.evidence == "explains 99.98% of its error; what is left is rounding: R 1.03 (worst token 2.10)"
    assert verdict_of((cause,), ROW, coarse=False) == EXPLAINED


@pytest.mark.parametrize(("ratio", "worst"), [(30.0, 50.0), (1.0, 50.0)])
def test_a_cause_that_leaves_more_is_a_part_of_one(ratio: float, worst: float) -> None:
    cause = Cause("scale", "off by a factor of 1.1", 0.995, ratio, worst, 1)
    assert "what is left is more than rounding: R" in cause_answer(cause, ROW).evidence
    assert cause_answer(cause, ROW).evidence.endswith("(worst token 50.0)")
    assert verdict_of((cause,), ROW, coarse=False) == PARTLY_EXPLAINED


def test_many_fitted_numbers_are_told() -> None:
    assert cause_answer(Cause("a", "b", 0.9, 1.0, 2.0, 256), ROW).evidence.endswith("; 256 numbers were fitted to it")


def test_what_is_not_finite_has_no_ratio() -> None:
    evidence = cause_answer(Cause("overflowed", "b", 1.0, None, None, 0), absent("q", status="not finite")).evidence
    assert evidence == "explains 100% of the values that are not finite"


def test_without_a_floor_the_share_decides() -> None:
    assert verdict_of((Cause("a", "b", 0.995, None, None, 0),), ROW, coarse=False) == EXPLAINED
    assert verdict_of((Cause("a", "b", 0.9, None, None, 0),), ROW, coarse=False) == PARTLY_EXPLAINED
    assert cause_answer(Cause("a", "b", 0.9, None, None, 0), ROW).evidence == "explains 90% of its error"
    assert verdict_of((), ROW, coarse=False) == UNEXPLAINED
    assert verdict_of((), ROW, coarse=True) == NOT_SOUGHT


def test_a_cost_says_how_many_choices_change_and_how_many_were_clear() -> None:
    assert cost_sentence(cost()) == (
        "On its own it changes 4 of 20 next tokens (20%), 2 of them where the reference's choice is clear; mean KL "
        "0.0100 nats, at most 0.100."
    )
    assert "(20%), all of them where the reference's choice is clear" in cost_sentence(cost(clear=4))
    assert "(5%), where the reference's choice is clear" in cost_sentence(cost(flipped=1, clear=1))


def test_choices_that_rounding_can_change_are_told_from_clear_ones() -> None:
    assert "4 of 20 next tokens (20%), all of them ties within noise;" in cost_sentence(cost(clear=0))
    assert "1 of 20 next tokens (5%), a tie within noise;" in cost_sentence(cost(flipped=1, clear=0))


def test_where_no_choice_changes_the_lost_margin_is_told() -> None:
    kept = cost(flipped=0, clear=0, margin=0.25)
    assert "changes none of 20 next tokens (at most 25.0% of a clear choice's margin is lost)" in cost_sentence(kept)
    assert "margin" not in cost_sentence(cost(flipped=0, clear=0, margin=-0.1))


def test_the_whole_is_told_apart_from_one_tap_alone() -> None:
    assert logits_sentence(cost()).startswith("On the whole the candidate changes 4 of 20 next tokens")
    assert logits_sentence(cost()).endswith("top-5 overlap 95.0%.")
