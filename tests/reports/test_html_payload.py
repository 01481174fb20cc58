from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from sample_comparison import make_comparison

from parity.comparison import STATUSES, Comparison, TapResult
from parity.limits import default_limits
from parity.reports.html.columns import COLUMNS
from parity.reports.html.payload import make_payload, payload_json, tap_anchor
from parity.reports.rows import LayerRow, format_metric


@pytest.fixture(scope="module")
def failing() -> Comparison:
    return make_comparison(layers=3, fault_layer=1, odd_rows=True)


def _read(comparison: Comparison) -> Any:
    return json.loads(payload_json(make_payload(comparison)))


def test_every_row_is_there_in_order(failing: Comparison) -> None:
    assert [row["key"] for row in _read(failing)["rows"]] == [row.key for row in failing.rows]


def test_cells_are_the_texts_of_the_shared_formatter(failing: Comparison) -> None:
    payload = make_payload(failing)
    at = [column.name for column in payload.columns].index("mean_abs")
    expected = [format_metric(row.errors.mean_abs if row.errors else None) for row in failing.rows]
    assert [row.cells[at] for row in payload.rows] == expected


def test_every_column_is_a_field_of_the_shared_row() -> None:
    assert {column.name for column in COLUMNS} <= set(LayerRow.__dataclass_fields__)


def test_every_column_explains_itself_in_a_sentence() -> None:
    assert all(len(column.help) > 20 for column in COLUMNS)


def test_the_first_failing_row_is_named(failing: Comparison) -> None:
    payload = make_payload(failing)
    assert payload.first is not None
    assert failing.rows[payload.first] == failing.first_divergence
    assert make_payload(make_comparison(layers=1)).first is None


def test_only_rows_in_trouble_say_where_their_error_comes_from(failing: Comparison) -> None:
    payload = make_payload(failing)
    assert all(bool(row.origin) == (row.fails or row.flagged) for row in payload.rows)


def test_strict_limits_make_flagged_rows_fail() -> None:
    lenient = make_comparison(layers=2)
    strict = replace(lenient, limits=replace(default_limits("float16"), strict=True))
    flagged = [row.flagged for row in lenient.rows]
    assert any(flagged)
    assert not any(row.fails for row in make_payload(lenient).rows)
    assert [row.fails for row in make_payload(strict).rows] == flagged


def test_edges_of_histograms_are_stored_once(failing: Comparison) -> None:
    payload = make_payload(failing)
    assert payload.edges == (failing.rows[0].histogram.log10_edges,)  # type: ignore[union-attr]


def test_values_that_json_lacks_become_text(failing: Comparison) -> None:
    row = _read(failing)["rows"][-3]
    assert row["status"] == "not finite"
    assert row["worst"]["candidate_value"] == "inf"


def test_every_status_comes_with_its_meaning(failing: Comparison) -> None:
    assert {status["name"]: status["meaning"] for status in _read(failing)["statuses"]} == dict(STATUSES)


def test_json_cannot_end_the_script_it_stands_in() -> None:
    comparison = make_comparison(layers=1, texts=("</script><script>alert(1)</script><!-- & \u2028",))
    hostile = replace(comparison.rows[0], tap="</SCRIPT \"'", reason="<!--<script>")
    text = payload_json(make_payload(replace(comparison, rows=(hostile, *comparison.rows[1:]))))
    assert not set(text) & set("<>&\u2028")
    assert json.loads(text)["rows"][0]["tap"] == "</SCRIPT \"'"


@pytest.mark.parametrize(
    ("tap", "anchor"),
    [("layers.3.attn_out", "#prefill-layers.3.attn_out"), ("odd tap#1", "#prefill-odd%20tap%231")],
)
def test_an_anchor_names_phase_and_tap(failing: Comparison, tap: str, anchor: str) -> None:
    row: TapResult = replace(failing.rows[0], tap=tap)
    assert tap_anchor(row) == anchor


def test_an_infinite_noise_ratio_is_text_too() -> None:
    comparison = make_comparison(layers=1)
    row = comparison.rows[0]
    assert row.noise is not None
    endless = replace(row, noise=replace(row.noise, noise_ratio=math.inf))
    at = [column.name for column in COLUMNS].index("noise_ratio")
    assert _read(replace(comparison, rows=(endless,)))["rows"][0]["cells"][at] == "inf"
