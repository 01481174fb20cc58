from __future__ import annotations

from typing import Any

import pytest
from conftest import OpenReport
from sample_comparison import make_comparison

from parity.comparison import Comparison
from parity.formatting import format_metric

pytestmark = pytest.mark.browser


def _taps(page: Any) -> list[str]:
    return list(page.locator("#tap-table tbody tr:visible td.c-tap").all_inner_texts())


def _click_header(page: Any, column: str) -> str | None:
    header = page.locator(f"#tap-table th[data-column={column}]")
    header.get_by_role("button").click()
    sort: str | None = header.get_attribute("aria-sort")
    return sort


def _by_mean_abs(comparison: Comparison, *, reverse: bool) -> list[str]:
    rows = [row for row in comparison.rows if row.errors]
    rows.sort(key=lambda row: float(format_metric(row.errors and row.errors.mean_abs)), reverse=reverse)
    return [row.tap for row in rows]


def test_rows_stand_in_graph_order_at_first(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=2)
    assert _taps(open_report(comparison)) == [row.tap for row in comparison.rows]


def test_a_header_sorts_the_worst_first_and_then_the_other_way(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=2, fault_layer=1)
    page = open_report(comparison)
    assert _click_header(page, "mean_abs") == "descending"
    assert _taps(page) == _by_mean_abs(comparison, reverse=True)
    assert _click_header(page, "mean_abs") == "ascending"
    assert _taps(page) == _by_mean_abs(comparison, reverse=False)


def test_only_the_sorted_column_is_announced_as_sorted(open_report: OpenReport) -> None:
    page = open_report(make_comparison(layers=1))
    _click_header(page, "rel_l2")
    _click_header(page, "cosine")
    assert page.locator("th[aria-sort]").evaluate_all("headers => headers.map(h => h.dataset.column)") == ["cosine"]
    assert page.locator("th[data-column=cosine]").get_attribute("aria-sort") == "ascending"


def test_rows_without_a_value_stand_last_in_both_directions(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=2, odd_rows=True)
    page = open_report(comparison)
    bare = [row.tap for row in comparison.rows if row.errors is None]
    for _ in range(2):
        _click_header(page, "max_abs")
        assert _taps(page)[-len(bare) :] == bare


def test_failing_statuses_come_first_and_taps_restore_graph_order(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=2, odd_rows=True)
    page = open_report(comparison)
    _click_header(page, "status")
    statuses = page.locator("tbody td.c-status .status").all_inner_texts()
    assert list(dict.fromkeys(statuses)) == [
        *("missing", "shape", "not finite"),
        *("not observable", "extra", "rounding", "match"),
    ]
    _click_header(page, "tap")
    assert _taps(page) == [row.tap for row in comparison.rows]


def test_text_finds_taps_by_every_word(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=3, fault_layer=1)
    page = open_report(comparison)
    page.get_by_label("find").fill("LAYERS.1 mismatch")
    expected = [row.tap for row in comparison.rows if row.layer == 1 and row.status == "mismatch"]
    assert _taps(page) == expected
    assert page.locator("#filter-count").inner_text() == f"{len(expected)} of {len(comparison.rows)} taps"
    page.get_by_label("find").fill("no such tap")
    assert _taps(page) == []
    assert "nothing matches" in page.locator("#filter-count").inner_text()


def test_chips_and_the_box_narrow_to_statuses(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=3, fault_layer=1, odd_rows=True)
    page = open_report(comparison)
    page.locator("#filter-status button[data-status=shape]").click()
    assert _taps(page) == [row.tap for row in comparison.rows if row.status == "shape"]
    assert page.locator("#filter-status [aria-pressed=true]").count() == 1
    page.locator("#filter-status button[data-status=shape]").click()
    page.get_by_label("only failing").check()
    assert _taps(page) == [row.tap for row in comparison.failures]


def test_a_count_of_the_banner_filters_the_table(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=2, odd_rows=True)
    page = open_report(comparison)
    page.locator(".counts a[data-status=missing]").click()
    assert _taps(page) == [row.tap for row in comparison.rows if row.status == "missing"]


def test_sorting_keeps_the_filter(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=2, fault_layer=1)
    page = open_report(comparison)
    page.get_by_label("only failing").check()
    _click_header(page, "tap")
    assert _taps(page) == [row.tap for row in comparison.failures]


def test_flagged_rows_say_what_was_found_and_allowed(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=2)
    page = open_report(comparison)
    flagged = [row for row in comparison.rows if row.flagged]
    marks = page.locator("tbody .flag-mark")
    assert marks.count() == len(flagged) > 0
    assert "is above 0.001" in marks.first.get_attribute("title")


def test_a_thousand_taps_stay_usable(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=66, tokens=1024, fault_layer=40)
    page = open_report(comparison)
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    # Reading a box forces the layout, so the time is what a user waits.
    spent = page.evaluate(
        """() => {
          const start = performance.now();
          document.querySelector('th[data-column=rel_l2] button').click();
          document.querySelector('#tap-table').getBoundingClientRect();
          return performance.now() - start;
        }"""
    )
    assert loaded < 5000
    assert spent < 1000
    assert page.locator("td.c-tap").first.inner_text() == "layers.40.attn_out"


def test_rows_beyond_the_first_portion_come_by_scrolling(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=30, fault_layer=29)
    page = open_report(comparison)
    lines = page.locator("#tap-table tbody tr")
    assert lines.count() == 300 < len(comparison.rows)
    page.locator(".scroll").evaluate("node => node.scrollTo(0, node.scrollHeight)")
    lines.nth(len(comparison.rows) - 1).wait_for(state="attached")
    assert lines.locator("td.c-tap").all_text_contents() == [row.tap for row in comparison.rows]
    page.get_by_label("only failing").check()
    assert _taps(page) == [row.tap for row in comparison.failures]


def test_everything_is_printed(open_report: OpenReport) -> None:
    comparison = make_comparison(layers=30)
    page = open_report(comparison)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#tap-table tbody tr").count() == len(comparison.rows)
