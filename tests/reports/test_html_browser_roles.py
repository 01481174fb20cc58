"""Roles, causes and costs in a browser: the picture, the table, the panel of a tap."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from conftest import OpenReport
from sample_comparison import make_comparison, with_odd_rows
from sample_diagnosis import CAUSES, SIGNATURE, with_diagnosis

from parity.comparison import Comparison, TapResult
from parity.diagnosis import ROLES, LocalProfile
from parity.formatting import format_metric

pytestmark = pytest.mark.browser

SOURCE = "layers.3.attn_out"
FIGURE_LEFT, FIGURE_RIGHT = 66, 46
HEATMAP_TOP, HEATMAP_BOTTOM = 22, 6


@pytest.fixture(scope="module")
def broken() -> Comparison:
    return with_diagnosis(make_comparison(fault_layer=3), signature=SIGNATURE)


def with_role(comparison: Comparison, *roles: str) -> list[TapResult]:
    return [row for row in comparison.rows if row.diagnosis and row.diagnosis.role in roles]


def middle(page: Any, comparison: Comparison, tap: str) -> float:
    """Where a tap stands in the picture, in pixels from its left edge."""
    place = [row.tap for row in comparison.rows].index(tap)
    width = page.locator("#roles svg").evaluate("svg => svg.clientWidth")
    return float(FIGURE_LEFT + (place + 0.5) * (width - FIGURE_LEFT - FIGURE_RIGHT) / len(comparison.rows))


def marks(page: Any, kind: str) -> int:
    """How many closed shapes the paths of a kind draw."""
    paths = page.locator(f"#roles path.{kind}").evaluate_all("paths => paths.map(path => path.getAttribute('d'))")
    return sum(str(path).count("Z") for path in paths)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("floor", [True, False])
def test_a_diagnosed_run_loads_without_an_error(open_report: OpenReport, scheme: str, floor: bool) -> None:
    comparison = with_diagnosis(make_comparison(fault_layer=3, floor=floor, odd_rows=True))
    page = open_report(comparison, color_scheme=scheme, anchor=f"#prefill-{SOURCE}")
    assert page.locator("#roles svg").count() == 1
    assert page.locator("#panel h2").inner_text() == SOURCE


def test_a_run_that_was_not_taken_apart_has_no_picture_of_roles(open_report: OpenReport) -> None:
    page = open_report(make_comparison(fault_layer=3))
    assert page.locator("#roles").count() == 0
    assert page.locator("th[data-column=role]").count() == 0
    assert page.locator("#filter-role button").count() == 0


def test_the_picture_has_a_diamond_a_source_a_column_an_heir_and_a_triangle_an_amplifier(
    open_report: OpenReport, broken: Comparison
) -> None:
    page = open_report(broken)
    assert marks(page, "source-mark") == len(with_role(broken, "source")) == 1
    assert marks(page, "column") == len(with_role(broken, "carrier", "amplifier")) > 30
    assert marks(page, "amplifier-mark") == len(with_role(broken, "amplifier")) > 3


def test_the_source_stands_where_its_tap_is_and_is_named(open_report: OpenReport, broken: Comparison) -> None:
    page = open_report(broken)
    mark = page.locator("#roles path.source-mark:not(.innocent)").get_attribute("d")
    assert float(mark[1:].split()[0]) == pytest.approx(middle(page, broken, SOURCE), abs=1)
    (row,) = with_role(broken, "source")
    assert row.diagnosis is not None
    ratio = format_metric(row.diagnosis.local.local_noise_ratio)
    assert page.locator("#roles .source-label").all_text_contents() == [f"{SOURCE}: R {ratio}"]


def test_a_source_that_errs_at_few_tokens_stands_at_its_worst_one(open_report: OpenReport, broken: Comparison) -> None:
    rows = []
    for row in broken.rows:
        if row.diagnosis and row.tap == SOURCE:
            local = replace(row.diagnosis.local, local_noise_ratio=1.0, worst_token_local_noise_ratio=77.0)
            row = replace(row, diagnosis=replace(row.diagnosis, local=local))
        rows.append(row)
    page = open_report(replace(broken, rows=tuple(rows)))
    assert page.locator("#roles .source-label").all_text_contents() == [f"{SOURCE}: R 77.0 at the worst token"]


def test_an_infinite_error_is_drawn_at_the_edge(open_report: OpenReport, broken: Comparison) -> None:
    rows = []
    for row in broken.rows:
        if row.diagnosis and row.tap == SOURCE:
            local = replace(row.diagnosis.local, local_noise_ratio=math.inf, worst_token_local_noise_ratio=math.nan)
            row = replace(row, diagnosis=replace(row.diagnosis, local=local))
        rows.append(row)
    page = open_report(replace(broken, rows=tuple(rows)))
    assert marks(page, "source-mark") == 1
    assert "NaN" not in page.locator("#roles").inner_html()


def test_a_source_of_infinities_has_a_place_and_a_panel(open_report: OpenReport, broken: Comparison) -> None:
    comparison = with_odd_rows(broken)
    source = broken.row(SOURCE).diagnosis
    assert source is not None
    local = replace(
        source.local,
        local_noise_ratio=math.inf,
        worst_token_local_noise_ratio=math.inf,
        local_rel_l2=math.inf,
        gain=None,
        profile=LocalProfile(4, (math.inf,) * 120, (1.0,) * 120),
    )
    infinite = replace(source, local=local, cost=None)
    rows = tuple(replace(row, diagnosis=infinite) if row.status == "not finite" else row for row in comparison.rows)
    page = open_report(replace(comparison, rows=rows), anchor="#prefill-final_norm")
    assert marks(page, "source-mark") == 2
    text = page.locator("#panel").inner_text()
    assert "Nothing came in, so there is no gain" in text
    assert "inf" in text
    assert page.locator("#roles .source-label").get_by_text("final_norm: R inf").count() == 1


def test_a_harmless_source_is_hollow_and_not_named(open_report: OpenReport, broken: Comparison) -> None:
    rows = tuple(replace(row, status="harmless") if row.tap == SOURCE else row for row in broken.rows)
    page = open_report(replace(broken, rows=rows))
    assert page.locator("#roles path.innocent").get_attribute("d").count("Z") == 1
    assert page.locator("#roles .source-label").count() == 0


def test_no_choice_of_taps_hides_a_source(open_report: OpenReport, broken: Comparison) -> None:
    page = open_report(broken)
    page.locator("#overview-kind").select_option("up")
    assert marks(page, "source-mark") == 1
    assert page.locator("#depth path.dot").count() > 0


def test_names_of_many_sources_do_not_cover_one_another(open_report: OpenReport) -> None:
    taps = [f"layers.{layer}.{kind}" for layer in range(6) for kind in ("q", "k", "v")]
    page = open_report(with_diagnosis(make_comparison(fault_layer=0, fault_kind="q"), sources=taps))
    boxes = page.locator("#roles .source-label").evaluate_all(
        "labels => labels.map(label => { const box = label.getBBox(); return [box.x, box.y, box.width, box.height]; })"
    )
    assert len(boxes) > 2
    for i, (x, y, wide, _) in enumerate(boxes):
        for other_x, other_y, other_wide, high in boxes[:i]:
            apart = x >= other_x + other_wide or other_x >= x + wide or abs(y - other_y) >= 0.8 * high
            assert apart


def test_without_heirs_there_is_no_panel_of_growth(open_report: OpenReport, broken: Comparison) -> None:
    heights = []
    for comparison in (broken, with_diagnosis(make_comparison())):
        heights.append(open_report(comparison).locator("#roles svg").evaluate("svg => svg.clientHeight"))
    assert heights[0] > heights[1] + 80


def test_hover_click_and_keys_work_in_the_picture(open_report: OpenReport, broken: Comparison) -> None:
    page = open_report(broken)
    page.locator("#roles").scroll_into_view_if_needed()
    box = page.locator("#roles").bounding_box()
    page.mouse.move(box["x"] + middle(page, broken, SOURCE), box["y"] + 150)
    text = page.locator("#tooltip").inner_text()
    assert SOURCE in text
    assert "the bias is missing" in text
    assert "born here" in text
    page.mouse.click(box["x"] + middle(page, broken, SOURCE), box["y"] + 150)
    assert page.locator("#panel h2").inner_text() == SOURCE
    page.keyboard.press("Escape")
    page.locator("#roles").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.locator("#panel h2").inner_text() == "layers.3.resid_mid"


def test_the_heat_map_can_show_errors_where_they_are_born(open_report: OpenReport, broken: Comparison) -> None:
    page = open_report(broken, color_scheme="light")
    page.locator("#heatmap-measure").select_option("local")
    assert "whatever came in" in page.locator("#heatmap-caption").inner_text()
    place = [row.tap for row in broken.rows].index(SOURCE)
    column = """() => {
      const canvas = document.querySelector('#heatmap canvas');
      return [...canvas.getContext('2d').getImageData(400, 0, 1, canvas.height).data];
    }"""
    pixels, height = page.evaluate(column), page.locator("#heatmap canvas").evaluate("canvas => canvas.height")
    line = (height - HEATMAP_TOP - HEATMAP_BOTTOM) / len(broken.rows)
    source, heir = (pixels[4 * int(HEATMAP_TOP + (at + 0.5) * line) :][:3] for at in (place, place + 5))
    assert source[2] < 60
    assert min(heir) > 200


def test_roles_filter_the_table_and_explain_themselves(open_report: OpenReport, broken: Comparison) -> None:
    page = open_report(broken)
    chips = page.locator("#filter-role button")
    assert chips.all_inner_texts() == ["source", "amplifier", "carrier", "clean"]
    assert [chip.get_attribute("title") for chip in chips.all()] == list(ROLES.values())
    page.locator("#filter-role button[data-role=amplifier]").click()
    taps = page.locator("#tap-table tbody td.c-tap").all_inner_texts()
    assert taps == [row.tap for row in with_role(broken, "amplifier")]
    page.locator("#filter-role button[data-role=source]").click()
    assert page.locator("#tap-table tbody tr").count() == len(taps) + 1
    assert ROLES["source"] in page.locator("#tap-table .role[data-role=source]").get_attribute("title")


def test_a_click_on_role_puts_sources_on_top(open_report: OpenReport, broken: Comparison) -> None:
    page = open_report(broken)
    page.locator("th[data-column=role] button").click()
    roles = page.locator("#tap-table tbody td.c-role").all_inner_texts()
    assert list(dict.fromkeys(roles)) == ["source", "amplifier", "carrier", "clean"]


def test_the_panel_of_a_source_takes_its_error_apart(open_report: OpenReport, broken: Comparison) -> None:
    page = open_report(broken, anchor=f"#prefill-{SOURCE}")
    figures = page.locator("#panel figure")
    titles = figures.locator("h4").all_inner_texts()
    assert titles[:6] == [
        "The error taken apart",
        "Causes tried",
        "What it looks like",
        "What it costs",
        "Own error by token",
        "Worst tokens of its own error",
    ]
    assert all(len(caption) > 20 for caption in figures.locator("figcaption").all_inner_texts())
    (row,) = with_role(broken, "source")
    assert row.diagnosis is not None
    local = row.diagnosis.local
    text = page.locator("#panel").inner_text()
    numbers = (local.local_rel_l2, local.worst_token_local_noise_ratio, local.inherited_rel_l2, local.noise_gain)
    assert [format_metric(number) for number in numbers if format_metric(number) not in text] == []
    assert [cause.sentence for cause in CAUSES if cause.sentence not in text] == []
    assert "11 of 480" in text
    assert SIGNATURE in text
    assert "it grows no more than noise" in text


def test_an_amplifier_says_how_much_it_makes_the_error_grow(open_report: OpenReport, broken: Comparison) -> None:
    row = with_role(broken, "amplifier")[0]
    page = open_report(broken, anchor=f"#prefill-{row.tap}")
    assert (
        "44.5 times that of noise (0.200): a right operation makes this error grow"
        in page.locator("#panel").inner_text()
    )
    assert "Causes tried" not in page.locator("#panel").inner_text()


def test_sources_lead_the_taps_in_trouble_and_alone_are_shown_in_full(open_report: OpenReport) -> None:
    comparison = with_diagnosis(make_comparison(fault_layer=1), sources=["layers.3.q", "layers.4.q"])
    page = open_report(comparison)
    cards = page.locator("details.trouble")
    taps = cards.locator("summary code").all_text_contents()
    assert taps[:3] == ["layers.3.q", "layers.4.q", "layers.1.attn_out"]
    assert page.locator("details.trouble[open]").count() == 2
    assert cards.first.locator(".role").first.inner_text() == "source"
    assert "The first 2 are shown in full" in page.locator("#trouble-caption").inner_text()


def test_a_carrier_leads_to_where_its_error_was_born(open_report: OpenReport, broken: Comparison) -> None:
    page = open_report(broken, anchor="#prefill-layers.5.gate")
    text = page.locator("#panel .reason").first.inner_text()
    assert f"the error that came in was born in {SOURCE} (the bias is missing)" in text
    assert "fails already" not in text
    page.locator("#panel .reason a").click()
    page.locator(f"#panel h2:text-is('{SOURCE}')").wait_for()
    assert "born in" not in page.locator("#panel .reason").first.inner_text()


def test_many_sources_upstream_are_counted(open_report: OpenReport) -> None:
    comparison = with_diagnosis(make_comparison(fault_layer=0), sources=[f"layers.{i}.attn_out" for i in range(5)])
    page = open_report(comparison, anchor="#prefill-logits")
    assert "layers.2.attn_out (the bias is missing) and 2 more" in page.locator("#panel .reason").first.inner_text()


def test_what_stands_on_top_opens_the_tap(open_report: OpenReport, broken: Comparison) -> None:
    page = open_report(broken)
    assert SOURCE not in page.locator("#panel").inner_text()
    page.locator(".source .command a").click()
    heading = page.locator(f"#panel h2:text-is('{SOURCE}')")
    heading.wait_for()
    assert heading.is_visible()


def test_the_answer_shows_without_a_script(open_report: OpenReport, broken: Comparison) -> None:
    page = open_report(broken, java_script_enabled=False)
    assert page.locator(".source dl").is_visible()
    assert "the bias is missing" in page.locator(".source").inner_text()
    assert not page.locator(".source .copy").is_visible()


@pytest.mark.parametrize("width", [360, 820])
def test_a_diagnosed_run_fits_narrow_windows(open_report: OpenReport, broken: Comparison, width: int) -> None:
    page = open_report(broken, width=width, anchor=f"#prefill-{SOURCE}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.querySelector('#panel').scrollWidth") <= width
