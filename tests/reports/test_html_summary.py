from __future__ import annotations

from dataclasses import replace

from sample_comparison import make_comparison, with_odd_rows
from sample_diagnosis import with_diagnosis

from parity.comparison import Comparison, TapResult
from parity.finding import Finding
from parity.reports.html.summary import NextStep, summarise


def _only(comparison: Comparison, keep: range) -> Comparison:
    return replace(comparison, rows=tuple(comparison.rows[i] for i in keep))


def _first_index(comparison: Comparison) -> int:
    first = comparison.first_divergence
    assert isinstance(first, TapResult)
    return comparison.rows.index(first)


def test_a_divergence_names_tap_phase_and_distance() -> None:
    summary = summarise(make_comparison(fault_layer=3), run="runs/first")
    assert summary.verdict == "DIVERGENCE"
    assert summary.answer.headline.startswith("layers.3.attn_out (linear, prefill) is the first tap")
    assert "times the noise floor" in summary.answer.headline


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
    assert (summary.verdict, summary.next) == ("PARITY", ())
    assert "what the dtype costs" in summary.surroundings[0]


def test_parity_without_flags_needs_no_more_words() -> None:
    assert summarise(make_comparison(dtype="float32"), run="runs/first").surroundings == ()


def test_the_next_command_names_run_and_tap() -> None:
    summary = summarise(make_comparison(fault_layer=3), run="runs/my first")
    command = "parity report 'runs/my first' --tap layers.3.attn_out"
    assert summary.next == (NextStep(command, "layers.3.attn_out", "#prefill-layers.3.attn_out"),)


def test_it_says_what_was_compared_with_what() -> None:
    assert summarise(make_comparison(layers=1), run="r").subject == (
        "bundled-qwen2: onnxruntime in float16 against transformers in float32, 18 taps, 4 prompts of 480 tokens"
    )


def test_a_source_says_what_to_do_next_and_needs_no_neighbours() -> None:
    summary = summarise(with_diagnosis(make_comparison(fault_layer=3)), run="runs/first")
    (group,) = summary.answer.groups
    command = "parity report runs/first --tap layers.3.attn_out"
    assert summary.next_of(group.lead) == NextStep(command, "layers.3.attn_out", "#prefill-layers.3.attn_out")
    assert (summary.next, summary.surroundings) == ((), ())


def test_a_first_divergence_without_numbers_comes_beside_the_sources() -> None:
    comparison = with_diagnosis(with_odd_rows(make_comparison(fault_layer=5, fault_kind="mlp_out")))
    first = comparison.first_divergence
    assert first is not None
    assert first.errors is None
    summary = summarise(comparison, run="r")
    assert summary.answer.groups
    (step,) = summary.next
    assert step.tap == first.tap
    assert step.command.endswith(first.tap)


def test_sides_that_are_not_one_model_are_not_comparable() -> None:
    error = Finding("token_ids", "error", "prefill", "the sides ran other tokens", "record again")
    comparison = make_comparison(fault_layer=3)
    assert summarise(replace(comparison, preflight=(error,)), run="r").verdict == "NOT COMPARABLE"
    note = replace(error, severity="note")
    assert summarise(replace(comparison, preflight=(note,)), run="r").verdict == "DIVERGENCE"
    assert summarise(replace(make_comparison(), preflight=(note,)), run="r").verdict == "PARITY"


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
