from __future__ import annotations

import csv
from pathlib import Path

import pytest
from noise_model import GRAPH, GROUPS, LAYERS, TIMES, NoisyDecoder, find, limits_of

from parity.tune import TimeModel, result_lines, table_lines, time_line, trial_line, write_taps_csv, write_trials_csv

NOISE = {f"layers.{layer}.{name}": 12.0 for layer in range(LAYERS) for name in "qkv"}
LIMITS = limits_of()


def test_a_trial_is_one_line() -> None:
    decoder = NoisyDecoder(NOISE)
    before = trial_line(decoder(()), LIMITS, GRAPH)
    assert before.startswith("fp32: nothing: ")
    assert f"of {len(decoder(()).readings)} taps beyond limits, nearest layers.0.q with R " in before
    after = trial_line(decoder(tuple(NOISE)), LIMITS, GRAPH)
    assert after.startswith("fp32: layers.*.q, layers.*.k, layers.*.v: every tap within limits, nearest ")


def test_the_worst_token_is_named_where_it_is_what_fails() -> None:
    decoder = NoisyDecoder({"logits": 7.0})
    line = trial_line(decoder(()), limits_of(9.0), GRAPH)
    assert "nearest logits with R " in line
    assert line.endswith("of 4 at its worst token")


def test_many_operations_are_cut_short() -> None:
    everything = tuple(tap for group in GROUPS for tap in group.taps)
    line = trial_line(NoisyDecoder()(everything), LIMITS, GRAPH)
    assert (
        "layers.*.input_norm, layers.*.q, layers.*.k, layers.*.v, layers.*.attn_ctx, layers.*.attn_out and 9 more"
        in line
    )


def test_the_table_has_a_line_for_each_kind(tmp_path: Path) -> None:
    lines = table_lines(find(NoisyDecoder({**NOISE, "layers.2.act": 12.0}), tmp_path), LIMITS, GRAPH)
    cells = {line.split()[0]: line.split() for line in lines[1:]}
    assert list(cells) == list(dict.fromkeys(tap.kind for tap in GRAPH if not tap.on_request))
    assert cells["q"][1] == f"({LAYERS})"
    assert (cells["q"][2], cells["q"][3], cells["q"][-1]) == (str(LAYERS), "0", "all")
    assert cells["act"][-3:] == ["1", "of", "6"]
    assert cells["embed"][1:3] == ["0", "0"]
    assert len({len(line) for line in lines if line.endswith("all")}) == 1


def test_an_answer_says_what_it_costs(tmp_path: Path) -> None:
    result = find(NoisyDecoder(NOISE), tmp_path)
    text = "\n".join(result_lines(result, LIMITS, GRAPH))
    percent = 100 * (TIMES.relative_time(result.chosen) - 1)
    assert f"in fp32: layers.*.q, layers.*.k, layers.*.v; estimated run time {percent:+.1f} %" in text
    assert "2 networks were built, 2 choices looked at" in text
    assert time_line(0.010, 0.0125) == "measured run time, nothing marked: 10.0 ms to 12.5 ms, +25.0 %"


@pytest.mark.parametrize(("wrong", "limit", "why"), [(9.0, 1.5, "no matter of precision"), (1.1, 1.0, "narrower than")])
def test_what_cant_be_met_says_what_remains_and_why(tmp_path: Path, wrong: float, limit: float, why: str) -> None:
    result = find(NoisyDecoder(wrong={"embed": wrong}), tmp_path, median=limit)
    first, second = result_lines(result, limits_of(limit), GRAPH)[1:3]
    assert first.startswith("what remains: embed (R ")
    assert why in second


def test_tables_are_written_in_full(tmp_path: Path) -> None:
    result = find(NoisyDecoder({**NOISE, "layers.2.act": float("inf")}), tmp_path)
    write_taps_csv(tmp_path / "tune.csv", result, LIMITS, GRAPH)
    write_trials_csv(tmp_path / "trials.csv", result, LIMITS, GRAPH)
    taps = {row["tap"]: row for row in csv.DictReader((tmp_path / "tune.csv").open())}
    assert len(taps) == len(result.before.readings)
    q = taps["layers.3.q"]
    assert (q["kind"], q["layer"], q["op"], q["fp32"], q["limit"]) == ("q", "3", "linear", "1", "1.5")
    assert float(q["r_local_before"]) == 12.0
    assert float(q["r_before"]) > float(q["r_after"])
    assert (taps["logits"]["layer"], taps["logits"]["fp32"]) == ("", "0")
    assert taps["layers.2.act"]["r_before"] == "inf"
    trials = list(csv.DictReader((tmp_path / "trials.csv").open()))
    assert [row["trial"] for row in trials] == [str(number) for number in range(len(result.trials))]
    assert (trials[0]["fp32"], trials[0]["nearest_tap"]) == ("nothing", "layers.2.act")


def test_time_is_that_of_matrix_products() -> None:
    layer = [group for group in GROUPS if group.layer == 0]
    times = TimeModel(GRAPH, 2, 16, 3.0)
    cost = {group.kind: times.added_time([group]) for group in layer}
    assert cost["input_norm"] == cost["act"] == cost["resid_mid"] == 0
    assert cost["gate"] == cost["up"] == cost["mlp_out"] == pytest.approx(2 * cost["attn_out"])
    assert cost["q+k+v"] == pytest.approx(2 * cost["attn_out"])
    assert times.added_time(layer) == pytest.approx(sum(cost.values()))
    rows, hidden, wide, vocabulary, length = 32, 64, 128, 100, 16
    products = LAYERS * rows * (3 * hidden * hidden + 3 * hidden * wide) + rows * hidden * vocabulary
    attention = LAYERS * rows * length * hidden
    assert cost["gate"] == pytest.approx(2 * rows * hidden * wide / (products + 4 * attention))
    assert TimeModel(GRAPH, 2, 16, 1.0).relative_time(GROUPS) == 1


def test_a_network_without_products_costs_nothing() -> None:
    assert TimeModel(type(GRAPH)(GRAPH.taps[:2]), 1, 4, 2.0).relative_time(()) == 1
