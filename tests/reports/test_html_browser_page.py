from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from conftest import OpenReport
from sample_comparison import make_comparison
from sample_diagnosis import with_diagnosis

from parity.comparison import STATUSES, Prompt, TokenProfile
from parity.diagnosis import ROLES

pytestmark = pytest.mark.browser

HOSTILE = "</script><script>window.pwned = 1</script><img src=x onerror='window.pwned=1'>\"'& שלום \x00\u202e"

# Contrast of two colours as WCAG 2 defines it.
_CONTRAST = """(node) => {
  const channels = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const luminance = (colour) => channels(colour)
    .map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const card = node.closest('.card');
  const [a, b] = [getComputedStyle(node).color, getComputedStyle(card).backgroundColor].map(luminance);
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""


def _click_depth(page: Any, index: int, count: int) -> None:
    box = page.locator("#depth").bounding_box()
    left, right = 66, 40
    page.mouse.click(box["x"] + left + (index + 0.5) * (box["width"] - left - right) / count, box["y"] + 100)


@pytest.mark.parametrize("floor", [True, False])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_loads_without_an_error_or_a_request(open_report: OpenReport, floor: bool, scheme: str) -> None:
    page = open_report(make_comparison(fault_layer=3, floor=floor, odd_rows=True), color_scheme=scheme)
    assert page.locator("h1").inner_text().endswith("DIVERGENCE")
    assert page.locator("#depth svg").is_visible()
    assert page.locator("#heatmap canvas").is_visible()


def test_parity_is_said_as_such(open_report: OpenReport) -> None:
    page = open_report(make_comparison())
    assert page.locator("h1").inner_text().endswith("PARITY")
    assert "are flagged, yet no farther" in page.locator("#trouble-caption").inner_text()


def test_a_click_in_the_depth_figure_opens_the_tap(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=2)
    page = open_report(comparison)
    page.locator("#depth").scroll_into_view_if_needed()
    _click_depth(page, 20, len(comparison.rows))
    assert page.locator("#panel h2").inner_text() == comparison.rows[20].tap


def test_the_depth_figure_shows_values_on_hover_and_by_keyboard(open_report: OpenReport) -> None:
    page = open_report(make_comparison(layers=2))
    page.locator("#depth").focus()
    page.keyboard.press("ArrowRight")
    assert "layers.0.input_norm" in page.locator("#tooltip").inner_text()
    page.keyboard.press("Enter")
    assert page.locator("#panel h2").inner_text() == "layers.0.input_norm"


def test_failing_taps_are_diamonds_and_the_first_is_named(open_report: OpenReport) -> None:
    comparison = make_comparison(fault_layer=3)
    page = open_report(comparison)
    paths = page.locator("#depth path.diamond").evaluate_all("paths => paths.map(path => path.getAttribute('d'))")
    assert [path.count("Z") for path in paths] == [len(comparison.failures)] * 3
    assert page.locator("#depth .first-label").text_content() == "first: layers.3.attn_out"


def test_a_first_divergence_that_is_not_shown_is_named_all_the_same(open_report: OpenReport) -> None:
    page = open_report(make_comparison(fault_layer=3))
    page.locator("#overview-kind").select_option("resid_out")
    assert page.locator("#depth .first-label").text_content() == "first: layers.3.attn_out (not shown here)"


def test_figures_follow_the_phase(open_report: OpenReport) -> None:
    clean = make_comparison(layers=2)
    broken = make_comparison(layers=2, fault_layer=1, phases=("decode.0",))
    page = open_report(replace(clean, rows=clean.rows + broken.rows))
    assert page.locator("#overview-phase").input_value() == "decode.0"
    assert page.locator("#depth path.diamond").count() == 3
    page.locator("#overview-phase").select_option("prefill")
    assert page.locator("#depth path.diamond").count() == 0


def test_a_cell_of_the_heat_map_says_where_it_is(open_report: OpenReport) -> None:
    page = open_report(make_comparison(layers=2, tokens=480, fault_layer=1))
    page.locator("#heatmap").scroll_into_view_if_needed()
    box = page.locator("#heatmap").bounding_box()
    page.mouse.move(box["x"] + 70, box["y"] + 24)
    text = page.locator("#tooltip").inner_text()
    assert "embed" in text
    assert "prompt 0, tokens 0 to 3" in text
    page.mouse.click(box["x"] + box["width"] - 44, box["y"] + box["height"] - 10)
    assert page.locator("#panel h2").inner_text() == "logits"


def test_the_heat_map_is_neutral_before_the_fault_and_strong_after_it(open_report: OpenReport) -> None:
    page = open_report(make_comparison(layers=2, fault_layer=1), color_scheme="light")
    column = """() => {
      const canvas = document.querySelector('#heatmap canvas');
      return [...canvas.getContext('2d').getImageData(300, 0, 1, canvas.height).data];
    }"""
    values = page.evaluate(column)
    calm, strong = values[4 * 30 :], values[-4 * 40 :]
    assert min(calm[:3]) > 200
    assert strong[2] < 60 < strong[0]


def test_one_bad_token_among_thousands_of_columns_is_not_lost(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=1, tokens=4000, prompts=1)
    profile = TokenProfile(1, (1e-3,) * 4000, (*(1.0,) * 1234, 50.0, *(1.0,) * 2765))
    rows = tuple(replace(row, profile=profile) for row in comparison.rows)
    page = open_report(replace(comparison, rows=rows), color_scheme="light")
    line = """() => {
      const canvas = document.querySelector('#heatmap canvas');
      return [...canvas.getContext('2d').getImageData(0, 30, canvas.width, 1).data];
    }"""
    values = page.evaluate(line)
    assert [blue for blue, alpha in zip(values[2::4], values[3::4], strict=True) if alpha and blue < 60]


def test_prompts_are_bounded_in_the_heat_map(open_report: OpenReport) -> None:
    page = open_report(make_comparison(layers=1, prompts=3))
    assert page.locator("#heatmap .boundary").count() == 2
    assert page.locator("#heatmap svg").get_by_text(re.compile("^prompt 0, ")).count() == 1


def test_hostile_text_is_shown_and_not_run(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=1, texts=(HOSTILE,))
    first = comparison.rows[0]
    token = replace(first.worst_tokens[0], piece=HOSTILE)
    row = replace(first, tap=HOSTILE, reason=HOSTILE, status="mismatch", worst_tokens=(token,), inputs=(HOSTILE,))
    page = open_report(replace(comparison, rows=(row, *comparison.rows[1:]), prompts=(Prompt(480, HOSTILE),)))
    page.locator("td.c-tap a").first.click()
    page.locator("#panel h2").wait_for()
    shown = HOSTILE.replace("\x00", "\\x00").replace("\u202e", "\\u202e")
    assert page.locator("#panel h2").inner_text() == shown
    assert page.locator("#panel .piece").inner_text() == shown.replace(" ", "␣")
    assert page.locator("img").count() == 0
    assert page.evaluate("window.pwned") is None


def test_verdict_and_first_rows_show_without_a_script(open_report: OpenReport) -> None:
    page = open_report(make_comparison(fault_layer=3), java_script_enabled=False)
    assert "layers.3.attn_out" in page.locator(".headline").inner_text()
    assert page.locator("#tap-table tbody tr").count() == 93
    assert page.locator("#overview noscript").is_visible()
    assert not page.locator("#filter-text").is_visible()


@pytest.mark.parametrize("width", [360, 820])
def test_narrow_windows_need_no_sideways_scrolling(open_report: OpenReport, width: int) -> None:
    page = open_report(make_comparison(fault_layer=3), width=width, anchor="#prefill-layers.3.attn_out")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.querySelector('#panel').scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_names_of_statuses_and_roles_have_contrast(open_report: OpenReport, scheme: str) -> None:
    page = open_report(with_diagnosis(make_comparison(layers=1)), color_scheme=scheme)
    names = [f"data-status='{status}'" for status in STATUSES] + [f"data-role='{role}'" for role in ROLES]
    for name in names:
        ratio = page.locator(f".statuses [{name}]").evaluate(_CONTRAST)
        assert ratio >= 4.5, (name, ratio)


def test_figures_follow_a_change_of_the_window(open_report: OpenReport) -> None:
    page = open_report(make_comparison(layers=2))
    page.set_viewport_size({"width": 700, "height": 900})
    figures = ("#depth svg", "#heatmap canvas")
    # The page's policy forbids Playwright's own waiting, which evaluates text within the page.
    for _ in range(100):
        widths = [page.locator(figure).evaluate("element => element.clientWidth") for figure in figures]
        if max(widths) < 700:
            break
        page.wait_for_timeout(50)
    assert max(widths) < 700
