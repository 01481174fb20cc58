from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from sample_comparison import make_comparison
from sample_diagnosis import CAUSES, SIGNATURE, make_cost, with_diagnosis

from parity.comparison import STATUSES, Comparison, TapResult
from parity.formatting import format_metric
from parity.limits import default_limits
from parity.reports.html.columns import COLUMNS
from parity.reports.html.diagnosis import cost_text
from parity.reports.html.payload import make_payload, payload_json, tap_anchor
from parity.reports.rows import LayerRow


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


def test_a_run_that_was_not_taken_apart_has_no_roles(failing: Comparison) -> None:
    payload = _read(failing)
    assert (payload["roles"], payload["sources"], payload["logits"]) == ([], [], None)
    assert all(row["diagnosis"] is None for row in payload["rows"])


def test_a_source_brings_causes_cost_and_tokens_along(failing: Comparison) -> None:
    comparison = with_diagnosis(failing, signature=SIGNATURE)
    payload = _read(comparison)
    (number,) = payload["sources"]
    row, diagnosis = payload["rows"][number], comparison.rows[number].diagnosis
    assert diagnosis is not None
    found = row["diagnosis"]
    assert (row["tap"], found["role"], found["reason"]) == ("layers.1.attn_out", "source", diagnosis.reason)
    assert [cause[0] for cause in found["causes"]] == [cause.sentence for cause in CAUSES]
    assert found["causes"][0][1:] == ["99.9996%", "0.954", "1.08", 0]
    assert found["causes"][2][2] == "–"
    assert found["signature"] == SIGNATURE
    assert found["worst_local"] == format_metric(diagnosis.local.worst_token_local_noise_ratio)
    assert len(found["tokens"]) == len(diagnosis.local.worst_local_tokens) > 0


def test_costs_are_said_in_tokens_and_nats() -> None:
    assert cost_text(make_cost(0.0031, flipped=12)) == (
        "12 of 480",
        "9 of 472",
        "0.00310",
        "0.0217",
        "96.4%",
        "1000%",
    )


def test_only_sources_list_tokens_and_only_those_replayed_have_a_role(failing: Comparison) -> None:
    payload = _read(with_diagnosis(failing))
    roles = [row["diagnosis"]["role"] if row["diagnosis"] else None for row in payload["rows"]]
    assert set(roles) == {"clean", "source", "carrier", "amplifier", None}
    assert all(
        bool(row["diagnosis"]["tokens"]) == (role == "source")
        for row, role in zip(payload["rows"], roles, strict=True)
        if role
    )


def test_growth_is_gain_in_units_of_noises_gain(failing: Comparison) -> None:
    rows = with_diagnosis(failing).rows
    by_role = {
        row.diagnosis.role: make_payload(with_diagnosis(failing)).rows[i].diagnosis
        for i, row in enumerate(rows)
        if row.diagnosis
    }
    assert by_role["amplifier"] is not None
    assert (by_role["amplifier"].noise_gain, by_role["amplifier"].growth) == ("0.200", "44.5")
    assert make_payload(with_diagnosis(failing)).rows[0].diagnosis.growth == "–"  # type: ignore[union-attr]


def test_own_error_by_token_is_packed_like_the_whole(failing: Comparison) -> None:
    rows = [row for row in _read(with_diagnosis(failing))["rows"] if row["profile"]]
    assert all(len(row["profile"]["local"]) == len(row["profile"]["ratio"]) > 0 for row in rows)
    assert all(row["profile"]["local"] == "" for row in _read(failing)["rows"] if row["profile"])
