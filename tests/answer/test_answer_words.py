"""Causes and costs in words."""

from __future__ import annotations

import pytest
from made_rows import cost

from parity.answer import cost_sentence, logits_sentence
from parity.answer.cause_words import (
    EXPLAINED,
    PARTLY_EXPLAINED,
    UNEXPLAINED,
    cause_answer,
    format_explained,
    verdict_of,
)
from parity.diagnosis import Cause
from parity.limits import default_limits

LIMITS = default_limits("float16").for_tap("q")


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.5, "50%"), (0.875, "88%"), (0.9912, "99.12%"), (0.99998, "99.998%"), (0.9999996, "99.99996%"), (1.0, "100%")],
)
def test_a_share_shows_what_is_left_with_two_digits(share: float, text: str) -> None:
    assert format_explained(share) == text


def test_a_share_that_is_not_everything_never_reads_as_everything() -> None:
    assert format_explained(1 - 1e-8) != "100%"


def test_a_cause_that_leaves_rounding_is_an_explanation() -> None:
    cause = Cause("bias_missing", "the bias is missing.", 0.9998, 1.03, 2.1, 0)
    answer = cause_answer(cause, LIMITS)
    assert answer.sentence == "the bias is missing"
    assert answer.evidence == "explains 99.98% of the residual; what is left is rounding: R 1.03 (worst token 2.10)"
    assert verdict_of((cause,), LIMITS) == EXPLAINED


@pytest.mark.parametrize(("ratio", "worst"), [(30.0, 50.0), (1.0, 50.0)])
def test_a_cause_that_leaves_more_is_a_part_of_one(ratio: float, worst: float) -> None:
    cause = Cause("scale", "off by a factor of 1.1", 0.995, ratio, worst, 1)
    assert "what is left is more than rounding: R" in cause_answer(cause, LIMITS).evidence
    assert cause_answer(cause, LIMITS).evidence.endswith("; 1 number solved for")
    assert verdict_of((cause,), LIMITS) == PARTLY_EXPLAINED


def test_without_a_floor_the_share_decides() -> None:
    assert verdict_of((Cause("a", "b", 0.995, None, None, 0),), LIMITS) == EXPLAINED
    assert verdict_of((Cause("a", "b", 0.9, None, None, 0),), LIMITS) == PARTLY_EXPLAINED
    assert cause_answer(Cause("a", "b", 0.9, None, None, 0), LIMITS).evidence == "explains 90% of the residual"
    assert verdict_of((), LIMITS) == UNEXPLAINED


def test_a_cost_says_how_many_choices_change_and_how_many_were_clear() -> None:
    assert cost_sentence(cost()) == (
        "Alone it changes 4 of 20 next tokens (20%), 2 of them where the reference's choice is clear; mean KL 0.0100 "
        "nats, at most 0.100."
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
