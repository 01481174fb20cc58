from __future__ import annotations

from dataclasses import replace

from sample_comparison import make_comparison

from parity.comparison import Comparison, TapResult
from parity.reports.html.summary import summarise


def _only(comparison: Comparison, keep: range) -> Comparison:
    return replace(comparison, rows=tuple(comparison.rows[i] for i in keep))


def _first_index(comparison: Comparison) -> int:
    first = comparison.first_divergence
    assert isinstance(first, TapResult)
    return comparison.rows.index(first)


def test_a_divergence_names_tap_phase_and_distance() -> None:
    summary = summarise(make_comparison(fault_layer=3), run="runs/first")
    assert summary.verdict == "DIVERGENCE"
    assert summary.headline.startswith("layers.3.attn_out (linear, prefill) is the first tap")
    assert "times the noise floor" in summary.headline


def test_it_says_what_comes_before_and_after() -> None:
    comparison = make_comparison(fault_layer=3)
    (sentence,) = summarise(comparison, run="runs/first").surroundings
    before, after = _first_index(comparison), len(comparison.rows) - _first_index(comparison) - 1
    assert sentence.startswith(f"The {before} taps compared before it are fine (highest R 1.")
    assert f"All {after} after it fail too; R at logits is" in sentence


def test_an_error_that_does_not_spread_is_said_to_stay() -> None:
    comparison = make_comparison(fault_layer=3)
    at, clean = _first_index(comparison), make_comparison()
    alone = replace(clean, rows=(*clean.rows[:at], comparison.rows[at], *clean.rows[at + 1 :]))
    (sentence,) = summarise(alone, run="runs/first").surroundings
    assert "the error does not spread" in sentence


def test_the_first_and_the_last_tap_have_no_neighbours() -> None:
    comparison = make_comparison(fault_layer=3)
    at = _first_index(comparison)
    (sentence,) = summarise(_only(comparison, range(at, at + 1)), run="runs/first").surroundings
    assert sentence == "No tap before it was compared. No tap comes after it."


def test_other_failing_phases_are_named() -> None:
    comparison = make_comparison(fault_layer=3, phases=("prefill", "decode.0"))
    assert summarise(comparison, run="r").surroundings[-1] == "Also failing: decode.0 (first at layers.3.attn_out)."


def test_parity_says_why_flagged_taps_pass() -> None:
    summary = summarise(make_comparison(), run="runs/first")
    assert (summary.verdict, summary.command, summary.first_anchor) == ("PARITY", "", "")
    assert "what the dtype costs" in summary.surroundings[0]


def test_parity_without_flags_needs_no_more_words() -> None:
    assert summarise(make_comparison(dtype="float32"), run="runs/first").surroundings == ()


def test_the_next_command_names_run_and_tap() -> None:
    summary = summarise(make_comparison(fault_layer=3), run="runs/my first")
    assert summary.command == "parity report 'runs/my first' --tap layers.3.attn_out"
    assert summary.first_anchor == "#prefill-layers.3.attn_out"


def test_counts_follow_the_order_of_the_statuses() -> None:
    summary = summarise(make_comparison(odd_rows=True), run="r")
    assert [(entry.status, entry.fails) for entry in summary.counts] == [
        ("match", False),
        ("rounding", False),
        ("not finite", True),
        ("shape", True),
        ("missing", True),
        ("extra", False),
        ("not observable", False),
    ]
