from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from conftest import OpenReport
from sample_comparison import make_comparison

from parity.formatting import format_cosine, format_metric, format_value
from parity.reports.html import tap_anchor

pytestmark = pytest.mark.browser


def _wait_for(page: Any, tap: str) -> None:
    """Addresses take effect a moment after a click or key; a tap that doesn't open ends in a timeout."""
    page.locator(f"#panel h2:text-is('{tap}')").wait_for()


def _is_open(page: Any) -> bool:
    return bool(page.locator("#panel").is_visible())


def _address(page: Any) -> str:
    return str(page.evaluate("location.hash"))


def test_no_tap_is_open_at_first(open_report: OpenReport) -> None:
    assert not _is_open(open_report(make_comparison(layers=1)))


def test_a_click_on_a_row_opens_the_tap_and_names_it_in_the_address(open_report: OpenReport) -> None:
    page = open_report(make_comparison(layers=2))
    page.locator("td.c-rel_l2").nth(5).click()
    _wait_for(page, "layers.0.q_rope")
    assert _address(page) == "#prefill-layers.0.q_rope"


def test_the_address_opens_the_tap(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=2, phases=("prefill", "decode.0"))
    page = open_report(comparison, anchor=tap_anchor(comparison.row("layers.1.gate", phase="decode.0")))
    _wait_for(page, "layers.1.gate")
    assert "decode.0 · linear · layer 1" in page.locator("#panel header").inner_text()


def test_an_unknown_address_opens_nothing(open_report: OpenReport) -> None:
    assert not _is_open(open_report(make_comparison(layers=1), anchor="#prefill-%E0%A4%A"))


def test_escape_closes_and_gives_the_focus_back(open_report: OpenReport) -> None:
    page = open_report(make_comparison(layers=1))
    page.locator("td.c-tap a").nth(2).focus()
    page.keyboard.press("Enter")
    _wait_for(page, "layers.0.q")
    page.keyboard.press("Escape")
    assert not _is_open(page)
    assert _address(page) == ""
    assert page.evaluate("document.activeElement.textContent") == "layers.0.q"


def test_arrows_step_through_the_taps(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=1)
    page = open_report(comparison, anchor="#prefill-embed")
    assert page.locator("#panel [data-step]").first.is_disabled()
    page.keyboard.press("ArrowDown")
    _wait_for(page, comparison.rows[1].tap)
    page.keyboard.press("ArrowUp")
    _wait_for(page, "embed")


def test_inputs_are_linked_and_show_their_status(open_report: OpenReport) -> None:
    page = open_report(make_comparison(layers=2, fault_layer=1), anchor="#prefill-layers.1.resid_mid")
    inputs = page.locator("#panel .inputs")
    assert inputs.locator("a").all_inner_texts() == ["layers.0.resid_out", "layers.1.attn_out"]
    assert inputs.locator(".status").all_inner_texts()[1] == "mismatch"
    inputs.get_by_text("layers.1.attn_out").click()
    _wait_for(page, "layers.1.attn_out")
    assert "so the error arises here" in page.locator("#panel .reason").inner_text()


def test_the_panel_shows_the_numbers_of_the_row(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=2, fault_layer=1, fault_kind="attn_ctx")
    row = comparison.row("layers.1.attn_ctx")
    assert row.errors is not None
    assert row.worst is not None
    text = open_report(comparison, anchor=tap_anchor(row)).locator("#panel").inner_text()
    expected = [
        *(format_metric(getattr(row.errors, name)) for name in ("mean_abs", "p99_abs", "p99_rel", "max_rel")),
        format_cosine(row.errors.cosine),
        format_value(row.worst.candidate_value),
        *(format_metric(token.rel_l2) for token in row.worst_tokens),
        *(format_metric(channel.rms_error) for channel in row.worst_channels),
    ]
    assert [number for number in expected if number not in text] == []


def test_every_figure_of_a_tap_explains_itself(open_report: OpenReport) -> None:
    page = open_report(make_comparison(layers=2), anchor="#prefill-layers.1.attn_ctx")
    figures = page.locator("#panel figure")
    assert figures.locator("h4").all_inner_texts() == [
        "Judged by",
        "Errors over 245,760 elements",
        "Both sides",
        "Size of the error",
        "Error by token",
        "Error by head",
        "Worst tokens",
        "Worst channels",
    ]
    assert all(len(caption) > 20 for caption in figures.locator("figcaption").all_inner_texts())
    assert page.locator("#panel svg").count() == 3


def test_bars_of_heads_stand_for_all_heads(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=1, fault_layer=0, fault_kind="k")
    page = open_report(comparison, anchor="#prefill-layers.0.k")
    heads = page.locator("#panel figure").filter(has_text="Error by head")
    assert heads.locator("rect.bar").count() == len(comparison.row("layers.0.k").heads) == 2


def test_a_histogram_counts_every_element(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=1)
    histogram = comparison.row("layers.0.up").histogram
    assert histogram is not None
    page = open_report(comparison, anchor="#prefill-layers.0.up")
    titles = page.locator("#panel figure").filter(has_text="Size of the error").locator("rect.bar title")
    counts = [int(title.split()[0].replace(",", "")) for title in titles.all_text_contents()]
    assert sum(counts) == sum(histogram.candidate) + histogram.candidate_zeros


def test_rows_without_values_open_as_well(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=2, odd_rows=True)
    page = open_report(comparison)
    for row in comparison.rows:
        if row.errors is None:
            page.evaluate("key => { location.hash = encodeURIComponent(key) }", row.key)
            _wait_for(page, row.tap)
            assert row.reason in page.locator("#panel .reason").inner_text()


def test_a_tap_that_equals_the_reference_can_be_drawn(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=1)
    row = comparison.rows[0]
    assert row.errors is not None
    assert row.profile is not None
    assert row.histogram is not None
    none = tuple(0 for _ in row.histogram.candidate)
    exact = replace(
        row,
        errors=replace(row.errors, mean_abs=0.0, rel_l2=0.0, sqnr_db=float("inf")),
        profile=replace(row.profile, rel_l2=(0.0,) * 120, noise_ratio=(0.0,) * 120),
        histogram=replace(row.histogram, candidate=none, floor=none),
    )
    page = open_report(replace(comparison, rows=(exact, *comparison.rows[1:])), anchor="#prefill-embed")
    assert page.locator("#panel svg").count() == 2
    assert "NaN" not in page.locator("#panel").inner_html().replace("NaN, infinite", "")


def test_taps_in_trouble_are_shown_in_full_or_unfold(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=4, fault_layer=1)
    page = open_report(comparison)
    cards = page.locator("details.trouble")
    assert cards.locator("summary code").first.text_content() == "layers.1.attn_out"
    assert page.locator("details.trouble[open]").count() == 3
    assert "shown in full, the others unfold" in page.locator("#trouble-caption").inner_text()
    folded = cards.nth(5)
    assert folded.locator("svg").count() == 0
    folded.locator("summary").click()
    folded.locator("svg").first.wait_for()


def test_taps_beyond_the_list_are_counted(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=6, fault_layer=0)
    page = open_report(comparison)
    troubled = sum(row.fails() or row.flagged for row in comparison.rows)
    assert page.locator("details.trouble").count() == 40
    assert f"{troubled - 40} more are not listed here" in page.locator("#trouble-caption").inner_text()
