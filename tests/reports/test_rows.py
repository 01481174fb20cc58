from __future__ import annotations

from dataclasses import replace

from sample_comparison import make_comparison
from sample_diagnosis import CAUSES, with_diagnosis

from parity.comparison import NonFinite
from parity.reports.rows import count_statuses, layer_row

COMPARISON = make_comparison(layers=2, fault_layer=1, odd_rows=True)


def test_a_row_repeats_its_result() -> None:
    result = COMPARISON.row("layers.0.q")
    row = layer_row(result)
    assert result.errors is not None
    assert result.noise is not None
    assert result.worst is not None
    assert (row.tap, row.layer, row.status) == ("layers.0.q", 0, result.status)
    assert (row.p99_rel, row.sqnr_db) == (result.errors.p99_rel, result.errors.sqnr_db)
    assert row.worst_token_noise_ratio == result.noise.worst_token_noise_ratio
    assert row.worst_index == ",".join(str(i) for i in result.worst.index)
    assert row.dtype == "float16"


def test_both_sides_count_as_not_finite() -> None:
    result = replace(COMPARISON.row("layers.0.q"), non_finite=NonFinite(2, 3))
    assert layer_row(result).non_finite == 5


def test_what_was_not_computed_is_none() -> None:
    row = layer_row(next(result for result in COMPARISON.rows if result.status == "missing"))
    assert (row.mean_abs, row.noise_ratio, row.non_finite, row.worst_index) == (None, None, None, "")


def test_statuses_are_counted_in_their_own_order() -> None:
    counts = count_statuses(COMPARISON)
    assert sum(counts.values()) == len(COMPARISON.rows)
    assert list(counts) == ["match", "mismatch", "not finite", "shape", "missing", "extra", "not observable"]


def test_a_source_says_what_is_wrong_with_it_and_what_it_costs() -> None:
    result = with_diagnosis(COMPARISON).row("layers.1.attn_out")
    row = layer_row(result)
    assert result.diagnosis is not None
    assert result.diagnosis.cost is not None
    local = result.diagnosis.local
    assert (row.role, row.cause, row.cause_noise_ratio) == ("source", CAUSES[0].sentence, CAUSES[0].noise_ratio)
    assert (row.local_rel_l2, row.local_noise_ratio) == (local.local_rel_l2, local.local_noise_ratio)
    assert (row.inherited_rel_l2, row.gain, row.noise_gain) == (local.inherited_rel_l2, local.gain, local.noise_gain)
    assert row.cost_mean_kl == result.diagnosis.cost.local_error.mean_kl


def test_a_row_without_a_diagnosis_leaves_its_part_open() -> None:
    row = layer_row(COMPARISON.row("layers.1.attn_out"))
    assert (row.role, row.cause) == ("", "")
    assert (row.local_rel_l2, row.local_noise_ratio, row.inherited_rel_l2, row.gain, row.cost_mean_kl) == (None,) * 5


def test_a_source_without_a_cause_keeps_its_role() -> None:
    row = layer_row(with_diagnosis(COMPARISON, causes=(), priced=False).row("layers.1.attn_out"))
    assert (row.role, row.cause, row.cause_explained_share, row.cost_mean_kl) == ("source", "", None, None)
