"""The answer to a comparison, from rows made here."""

from __future__ import annotations

from dataclasses import replace

from made_rows import absent, cost, diagnosed, make, row

from parity.answer import make_answer
from parity.comparison import NonFinite, TapResult
from parity.diagnosis import Cause
from parity.finding import Finding

GELU = Cause("activation_other", "the activation is GELU instead of SiLU", 0.9999, 0.9, 1.1, 0)
SLOPE = Cause("activation_slope", "the activation is x · sigmoid(1.74 x)", 0.995, 30.0, 60.0, 1)


def bad(tap: str, role: str, *causes: Cause, kl: float | None = None, signature: str = "") -> TapResult:
    return diagnosed(row(tap, status="mismatch", ratio=40.0), role, *causes, kl=kl, signature=signature)


def test_without_a_diagnosis_the_first_failing_tap_has_to_do() -> None:
    answer = make_answer(
        make(row("layers.3.input_norm"), row("layers.3.q", "layers.3.input_norm", status="mismatch", ratio=9))
    )
    assert not answer.diagnosed
    assert answer.headline.startswith("layers.3.q (linear, prefill) is the first tap to leave the reference")
    assert answer.sources == answer.symptoms == ()
    assert answer.coverage == answer.matters == ""
    assert answer.commands == ("parity report RUN --tap layers.3.q",)


def test_a_source_is_told_with_cause_cost_and_command() -> None:
    source = bad("layers.3.act", "source", GELU, SLOPE, kl=0.01)
    answer = make_answer(replace(make(source, bad("layers.3.mlp_out", "carrier")), logits=cost(0.02)), run="runs/a b")
    assert answer.headline == (
        "The error is born in layers.3.act (linear layer, prefill), which is wrong: the activation is GELU instead of "
        "SiLU."
    )
    found = answer.sources[0]
    assert found.verdict == "explained"
    assert found.reason == "why it is a source"
    assert found.cause is not None
    assert found.cause.evidence.startswith("explains 99.99% of its error")
    assert [runner_up.hypothesis for runner_up in found.runners_up] == ["activation_slope"]
    assert found.cost.startswith("On its own it changes 4 of 20 next tokens")
    assert answer.commands == ("parity report 'runs/a b' --tap layers.3.act",)
    assert answer.matters.startswith("On the whole the candidate changes")


def test_sources_are_ranked_by_what_they_cost() -> None:
    taps = [bad("a", "source"), bad("b", "source", kl=0.01), bad("c", "source", kl=0.5), bad("d", "source")]
    answer = make_answer(make(*taps))
    assert [source.row.tap for source in answer.sources] == ["c", "b", "a", "d"]
    assert answer.headline.startswith("4 different errors are born, the costliest first: c (linear layer, prefill)")
    assert answer.headline.endswith("; and 1 more.")
    assert answer.commands[0] == "parity report RUN --tap c"


def test_one_cause_in_many_layers_is_one_group() -> None:
    scaled = [Cause("scale", f"off by a factor of {1.5 + layer}", 0.9999, 0.9, 1.1, 1) for layer in range(3)]
    taps = [bad(f"layers.{i}.q", "source", scaled[i], kl=0.1 * (i + 1)) for i in range(3)]
    answer = make_answer(make(*taps, bad("layers.2.act", "source", GELU, kl=0.001)))
    assert [group.lead.row.tap for group in answer.groups] == ["layers.2.q", "layers.2.act"]
    assert answer.groups[0].others_sentence == "The same holds at 2 more taps: q of layers 0, 1."
    assert answer.groups[1].others_sentence == ""


def test_causes_that_read_differently_are_not_thrown_together() -> None:
    angles, tables = (Cause("rounded", f"{what} in bf16", 0.9999, 0.9, 1.1, 0) for what in ("angles", "tables"))
    assert len(make_answer(make(bad("layers.0.q", "source", angles), bad("layers.1.q", "source", tables))).groups) == 2


def test_taps_that_were_exchanged_are_one_group() -> None:
    gate, up = (
        Cause("weights", f"the weights are those of layers.2.{tap}", 1.0, 0.9, 1.1, 1) for tap in ("up", "gate")
    )
    answer = make_answer(make(bad("layers.2.gate", "source", gate), bad("layers.2.up", "source", up)))
    assert len(answer.groups) == 1
    assert answer.groups[0].others_sentence == "Likewise layers.2.up: the weights are those of layers.2.gate."
    assert answer.headline == (
        "The error is born in layers.2.gate (linear layer, prefill) and layers.2.up, which are wrong: in layers.2.gate "
        "the weights are those of layers.2.up; in layers.2.up the weights are those of layers.2.gate."
    )


def test_a_source_that_nothing_explains_says_so() -> None:
    answer = make_answer(make(bad("q", "source", signature="it grows along the prompt.")))
    assert answer.headline.endswith("which is wrong: no known cause explains it.")
    assert answer.sources[0].verdict == "unexplained"
    assert answer.sources[0].signature == "it grows along the prompt."


def test_a_partial_explanation_is_not_sold_as_a_whole_one() -> None:
    answer = make_answer(make(bad("q", "source", SLOPE)))
    assert answer.headline.endswith(
        "which is wrong: the activation is x · sigmoid(1.74 x), which explains 99.5% of it, but not all."
    )


def test_of_a_poor_explanation_the_gap_is_told_first() -> None:
    answer = make_answer(make(bad("q", "source", replace(SLOPE, explained_share=0.6))))
    assert answer.headline.endswith(
        "which is wrong: no known cause explains all of it; the nearest, for 60% of it: the activation is "
        "x · sigmoid(1.74 x)."
    )


def test_heirs_are_counted_and_placed() -> None:
    heirs = [bad("b", "carrier"), bad("c", "amplifier"), bad("d", "carrier")]
    assert make_answer(make(bad("a", "source", GELU), *heirs)).symptoms == (
        "3 more taps fail though their operations are right, for an error came in: 2 pass it on and 1 makes it grow "
        "(c), from b to d.",
    )


def test_what_differs_harmlessly_or_shows_another_tensor_is_no_source() -> None:
    harmless = diagnosed(row("q", status="harmless", ratio=50), "source")
    aliased = diagnosed(row("k", status="aliased", ratio=50), "source")
    answer = make_answer(make(harmless, aliased))
    assert answer.sources == ()
    assert answer.symptoms == (
        "q differs harmlessly: nothing that reads it puts out anything else, so it can't reach the output.",
        "k: the reason of k. Mend the capture; the layer is right.",
    )
    assert answer.headline.startswith("k (linear, prefill) is the first tap to leave the reference, aliased: ")


def test_faults_of_structure_are_told_by_status() -> None:
    answer = make_answer(
        make(absent("a", status="missing"), absent("b", status="missing"), absent("c", status="shape"))
    )
    assert answer.structure == (
        "c (prefill) is of another shape: the reason of c.",
        "2 taps are missing, the first is a (prefill): the reason of a.",
    )


def test_a_missing_tap_before_a_source_is_not_hidden_by_it() -> None:
    answer = make_answer(make(absent("a", status="missing"), bad("b", "source", GELU)))
    assert answer.headline.startswith("a (linear, prefill) is the first tap to leave the reference, missing")
    assert answer.commands == ("parity report RUN --tap b", "parity report RUN --tap a")


def test_an_error_of_preflight_comes_before_any_layer() -> None:
    note, error = (Finding("ids", severity, "prompt 0", f"a {severity}.", "cure") for severity in ("note", "error"))
    answer = make_answer(replace(make(bad("a", "source", GELU)), preflight=(note, error)))
    assert answer.headline.startswith(
        "The two sides are not the same model on the same input, so no layer can be blamed"
    )
    assert [finding.severity for finding in answer.preflight] == ["error", "note"]


def test_what_could_not_be_taken_apart_is_said() -> None:
    whole = diagnosed(row("b", "a"), "clean")
    assert make_answer(make(diagnosed(row("a"), "clean"), whole)).coverage == ""
    assert make_answer(make(whole)).coverage.startswith("What goes into 1 of 1 compared taps was not captured")
    assert make_answer(make(row("b", "a"))).coverage == ""
    assert make_answer(make(diagnosed(row("a"), "clean"), row("b"))).coverage == (
        "The floor run holds no finite values of b, so nothing tells what is noise there."
    )


def test_why_nothing_was_taken_apart_is_said_and_how_to_do_it() -> None:
    answer = make_answer(replace(make(row("q", status="mismatch")), undiagnosed="--no-diagnosis was given"))
    assert answer.coverage == "Errors were not taken apart: --no-diagnosis was given."
    assert answer.commands == ("parity report RUN --tap q", "parity diagnose RUN")


def test_a_clean_run_names_the_largest_ratio_of_an_operation_by_itself() -> None:
    answer = make_answer(make(diagnosed(row("a"), "clean")))
    assert answer.headline.endswith("(largest R 1.00, at a; of an operation by itself 0.900, at a).")
    assert answer.commands == ()


def test_logits_that_are_not_finite_matter() -> None:
    logits = replace(absent("logits", status="not finite"), elements=4000, non_finite=NonFinite(0, 1200))
    assert make_answer(make(logits)).matters == (
        "1,200 of the candidate's 4,000 logits are NaN or infinite: it can't be used as it is."
    )


def test_what_is_not_finite_and_has_a_role_is_told_by_its_role_alone() -> None:
    source = diagnosed(absent("a", status="not finite"), "source")
    answer = make_answer(make(source, diagnosed(absent("b", status="not finite"), "carrier")))
    assert answer.structure == ()
    assert answer.headline.startswith("The error is born in a ")
    assert answer.symptoms[0].startswith("1 more tap fails though its operation is right")
