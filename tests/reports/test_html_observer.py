"""What the page says of the observer effect."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_rows import observed
from sample_comparison import make_comparison

from parity.observer_effect import JudgedLogits
from parity.reports.html import render_html
from parity.reports.html.observer import PhaseLine, observer_card
from parity.reports.html.summary import summarise


def test_nothing_is_said_where_nothing_was_measured() -> None:
    assert observer_card(make_comparison()) is None
    assert 'id="observer"' not in render_html(make_comparison())


def test_the_card_shows_what_was_measured() -> None:
    card = observer_card(replace(make_comparison(), observer=observed("perturbing")))
    assert card is not None
    assert card.lines == (
        PhaseLine("prefill", "perturbing", "1.11 (1.70)", "1.11 (1.70)", "2.34 (3.90)", "0.770 (1.30)", "4 of 20"),
    )
    assert card.layers.startswith("210 layers are in both engines")


def test_engines_that_can_not_be_compared_have_their_status() -> None:
    effect = observed("hides the bug")
    broken = JudgedLogits("not finite", True, None)
    phase = replace(effect.phases[0], unprobed=broken, distance=None, rebuilt=None, rebuild_distance=None)
    card = observer_card(replace(make_comparison(), observer=replace(effect, phases=(phase,), layers=None)))
    assert card is not None
    assert (card.lines[0].unprobed, card.lines[0].apart, card.lines[0].choices) == ("not finite", "–", "–")
    assert card.layers == ""


@pytest.mark.parametrize("grade", ["faithful", "perturbing", "hides the bug"])
def test_the_page_has_the_card_and_says_on_top_what_is_not_faithful(grade: str) -> None:
    comparison = replace(make_comparison(), observer=observed(grade))
    page = render_html(comparison)
    assert f"observer effect: {grade}" in page
    assert ('aria-label="observer effect"' in page) == (grade != "faithful")
    assert "rotary/Mul puts out FP32 with taps, FP16 without." in page
    verdict = "DIVERGENCE" if grade == "hides the bug" else "PARITY"
    assert summarise(comparison, run="RUN").verdict == verdict
