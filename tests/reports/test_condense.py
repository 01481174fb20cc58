from __future__ import annotations

from dataclasses import replace

from diagnosed_sample import make_diagnosed
from sample_comparison import make_comparison

from parity.comparison import STATUSES, Comparison
from parity.reports.condense import Line, condense


def lines(comparison: Comparison, *, verbose: bool = False) -> list[Line]:
    return [line for section in condense(comparison, verbose=verbose) for line in section.lines]


def test_every_row_is_in_exactly_one_line() -> None:
    comparison = make_comparison(layers=9, fault_layer=4, odd_rows=True, phases=("prefill", "decode.0", "decode.1"))
    assert sum(line.taps for line in lines(comparison)) == len(comparison.rows)
    assert [line.label for line in lines(comparison, verbose=True)] == [row.tap for row in comparison.rows]


def test_a_clean_run_is_a_line_a_layer() -> None:
    assert [line.label for line in lines(make_comparison(layers=3))] == [
        "embed",
        "layers.0.* (15)",
        "layers.1.* (15)",
        "layers.2.* (15)",
        "final_norm",
        "logits",
    ]


def test_the_layer_of_the_first_divergence_is_opened_and_later_ones_are_not() -> None:
    found = lines(make_comparison(layers=6, fault_layer=3))
    labels = [line.label for line in found]
    assert "layers.3.attn_ctx" in labels
    assert "layers.2.* (15)" in labels
    assert "layers.4.* (15)" in labels
    assert [line.label for line in found if line.first] == ["layers.3.attn_out"]


def test_the_first_row_of_each_failing_status_is_seen_by_name() -> None:
    comparison = make_comparison(layers=12, fault_layer=2, odd_rows=True, phases=("prefill", "decode.0", "decode.1"))
    alone = {line.status for line in lines(comparison) if line.taps == 1 and line.fails}
    assert alone == {"mismatch", "missing", "shape", "not finite"}


def test_a_quiet_later_phase_is_one_line() -> None:
    sections = condense(make_comparison(layers=3, phases=("prefill", "decode.0")), verbose=False)
    assert [line.label for line in sections[1].lines] == ["* (48)"]


def test_a_line_for_several_taps_shows_the_worst_of_each() -> None:
    comparison = make_comparison(layers=3, fault_layer=1)
    line = next(line for line in lines(comparison) if line.label == "layers.2.* (15)")
    rows = [row for row in comparison.rows if row.layer == 2]
    assert line.noise_ratio == max(row.noise.noise_ratio for row in rows if row.noise)
    assert line.cosine == min(row.errors.cosine for row in rows if row.errors)
    assert line.max_abs == max(row.errors.max_abs for row in rows if row.errors)
    assert line.fails


def test_statuses_are_counted_the_worst_first() -> None:
    comparison = make_comparison(layers=12, fault_layer=2, odd_rows=True, phases=("prefill", "decode.0"))
    first_phase = [line.status for line in condense(comparison, verbose=False)[0].lines if line.taps > 1]
    assert first_phase[0] == "15 match"
    assert "15 mismatch" in first_phase
    whole = condense(make_comparison(layers=3, odd_rows=True), verbose=False)[0].lines
    assert all(len(line.status) <= 24 for line in whole)


def test_without_a_floor_there_is_no_ratio() -> None:
    assert all(line.noise_ratio is None for line in lines(make_comparison(layers=2, floor=False)))


def test_no_status_is_forgotten() -> None:
    comparison = make_comparison(layers=1, phases=("prefill", "decode.0"))
    rows = tuple(row for row in comparison.rows if row.phase == "decode.0")[: len(STATUSES)]
    odd = tuple(replace(row, status=status) for row, status in zip(rows, STATUSES, strict=True))
    for row in odd:
        pair = (comparison.rows[0], replace(row, phase="a"), replace(row, phase="a"))
        status = condense(replace(comparison, rows=pair), verbose=False)[-1].lines[-1].status
        assert status in (row.status, f"2 {row.status}")


def test_with_roles_the_layers_of_sources_are_opened_and_those_of_heirs_are_not() -> None:
    found = lines(make_diagnosed(also=("layers.5.v",)))
    labels = [line.label for line in found]
    assert {"layers.3.act", "layers.3.q", "layers.5.v", "layers.4.* (15)"} <= set(labels)
    assert [line.label for line in found if line.first] == ["layers.3.act", "layers.5.v"]


def test_one_cause_in_many_layers_opens_the_first_of_them() -> None:
    comparison = make_diagnosed()
    source = comparison.row("layers.3.act")
    spread = replace(
        comparison,
        rows=tuple(
            replace(row, status="mismatch", diagnosis=source.diagnosis) if row.kind == "act" else row
            for row in comparison.rows
        ),
    )
    labels = [line.label for line in lines(spread)]
    assert "layers.0.act" in labels
    assert [label for label in labels if label.endswith(".* (15)")] == [f"layers.{i}.* (15)" for i in range(1, 6)]


def test_roles_of_several_taps_are_counted_sources_first() -> None:
    comparison = make_diagnosed()
    by_label = {line.label: line.role for line in lines(comparison)}
    assert by_label["layers.3.act"] == "source"
    assert by_label["layers.0.* (15)"] == "15 clean"
    one_amplifier = replace(comparison.row("layers.4.q").diagnosis, role="amplifier")  # type: ignore[type-var]
    rows = tuple(replace(row, diagnosis=one_amplifier) if row.tap == "layers.4.q" else row for row in comparison.rows)
    mixed = {line.label: line.role for line in lines(replace(comparison, rows=rows))}
    assert mixed["layers.4.* (15)"] == "14 carrier +1"
    assert all(line.role == "" for line in lines(make_comparison(fault_layer=3)))


def test_a_capture_that_shows_another_tensor_is_seen_by_name() -> None:
    comparison = make_diagnosed(fault_layer=None)
    rows = tuple(replace(row, status="aliased") if row.tap == "layers.4.k" else row for row in comparison.rows)
    assert any(line.label == "layers.4.k" and line.fails for line in lines(replace(comparison, rows=rows)))
