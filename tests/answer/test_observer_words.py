"""What the answer, the verdict and the headline say of an observer effect."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_rows import make, observed, row

from parity.answer import layers_sentence, make_answer, observer_sentence
from parity.answer.parts import observer_parts
from parity.finding import Finding
from parity.message import first_divergence_sentence, verdict_line

FINE, BROKEN = row("logits"), row("logits", status="mismatch", ratio=9)


def test_a_faithful_engine_is_no_part_of_the_answer() -> None:
    comparison = replace(make(FINE), observer=observed("faithful"))
    answer = make_answer(comparison)
    assert answer.observer is None
    assert not list(observer_parts(answer))
    assert verdict_line(comparison) == "PASS: 1 taps, 1 match"


def test_a_perturbing_set_of_taps_is_told_with_its_layers_and_cure_and_fails_nothing() -> None:
    comparison = replace(make(FINE), observer=observed("perturbing"))
    parts = list(observer_parts(make_answer(comparison)))
    assert parts == [
        ("observer", "perturbing: What perturbing means."),
        (
            "",
            "210 layers are in both engines (12 with other kernels), 41 only with taps, 5 only without: "
            "rotary/Mul puts out FP32 with taps, FP16 without.",
        ),
        ("", "cure: spread the taps: --probe-sets"),
    ]
    assert comparison.passed
    assert verdict_line(comparison) == "PASS: 1 taps, 1 match"


def test_a_hidden_bug_is_the_headline_where_no_tap_shows_one() -> None:
    comparison = replace(make(FINE), observer=observed("hides the bug"))
    assert not comparison.passed
    assert first_divergence_sentence(comparison) == "What hides the bug means."
    assert verdict_line(comparison) == "FAIL: without taps the engine is beyond the limits; 1 taps, 1 match"
    label, text = next(iter(observer_parts(make_answer(comparison))))
    assert (label, text) == ("observer", "hides the bug: the reason of hides the bug")


def test_a_tap_that_fails_stays_the_headline() -> None:
    comparison = replace(make(BROKEN), observer=observed("hides the bug"))
    assert first_divergence_sentence(comparison).startswith("logits (linear, prefill) is the first tap")
    assert "without taps the engine is beyond the limits; 1 of 1 taps fail" in verdict_line(comparison)
    _, text = next(iter(observer_parts(make_answer(comparison))))
    assert text == "hides the bug: What hides the bug means."


def test_other_models_come_first() -> None:
    error = Finding("token_ids", "error", "prompt 1", "other tokens", "give the same")
    comparison = replace(make(FINE), observer=observed("hides the bug"), preflight=(error,))
    assert "not the same model" in first_divergence_sentence(comparison)


@pytest.mark.parametrize("sets", [1, 3])
def test_the_sentence_has_grade_taps_engines_and_rebuild(sets: int) -> None:
    effect = replace(observed("faithful"), probe_sets=sets)
    spread = " in 3 engines" if sets == 3 else ""
    assert observer_sentence(effect) == (
        f"faithful: with 93 taps{spread}, the reason of faithful; a rebuild moves them by 0.770"
    )


def test_equal_layers_need_no_examples() -> None:
    layers = observed("faithful").layers
    assert layers is not None
    same = replace(layers, other_kernels=0, probed_only=0, unprobed_only=0, examples=())
    assert layers_sentence(same) == "210 layers are in both engines, 0 only with taps, 0 only without."
