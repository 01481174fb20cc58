from __future__ import annotations

from dataclasses import replace

import pytest
from made_rows import absent, diagnosed, make, row, unmeasured

from parity.comparison import STATUSES, Comparison, NonFinite, TapResult, WorstElement
from parity.diagnosis import Cause
from parity.finding import Finding
from parity.message import failure_message, first_divergence_sentence, heir_message, verdict_line

LABELS = ("  sides ", "  elements ", "  worst ", "  before ", "  next ")


def of_status(status: str) -> TapResult:
    if status in ("match", "rounding", "mismatch"):
        return row("layers.3.q", "layers.3.input_norm", status=status, ratio=40.0 if status == "mismatch" else 1.1)
    return absent("layers.3.q", "layers.3.input_norm", status=status)


def with_input(last: TapResult, *, strict: bool = False) -> Comparison:
    return make(row("layers.3.input_norm"), last, strict=strict)


def test_a_mismatch_is_told_in_six_parts() -> None:
    bad = row("layers.3.q", "layers.3.input_norm", status="mismatch", ratio=40.0)
    assert failure_message(with_input(bad), bad, run="runs/first").splitlines() == [
        "layers.3.q (linear, prefill): mismatch: the reason of layers.3.q",
        "  sides      reference: float32 [2, 20, 512], from transformers in float32 (tiny)",
        "             candidate: float16 [2, 20, 512], from onnxruntime in float16 (tiny)",
        "  elements   20,000 compared, 8,000 (40%) off by 0.001 or more; half are off by more than 0.0101, "
        "1 in 100 by more than 0.0500",
        "  worst      prompt 1, token 12, channel 77: reference 1.25, candidate 1.5, difference 0.250",
        "             allowed: R up to 2, found 40.0",
        "             allowed: R of the worst token up to 4, found 60.0 (prompt 1, token 12 '␣the')",
        "             allowed: mean_abs up to 0.001, found 0.0123",
        "  before     its input layers.3.input_norm (match, R 1.00) is fine, so the error arises here, in the "
        "linear layer",
        "  next       parity report runs/first --tap layers.3.q",
    ]


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_all_parts_and_one_headline(status: str) -> None:
    last = of_status(status)
    headline, *details = failure_message(with_input(last), last).splitlines()
    assert headline.startswith(f"layers.3.q (linear, prefill): {status}: ")
    assert tuple(line[: len(label)] for label in LABELS for line in details if line.startswith(label)) == LABELS
    assert all(line.startswith(" ") for line in details)


@pytest.mark.parametrize("status", ["missing", "not observable", "shape", "extra"])
def test_a_fault_of_structure_is_never_given_a_number(status: str) -> None:
    message = failure_message(with_input(of_status(status)), of_status(status))
    assert "none compared: " + STATUSES[status] in message
    assert "difference" not in message
    assert "found" not in message


def test_absent_sides_are_said_to_be_absent() -> None:
    assert "candidate: absent, from onnxruntime" in failure_message(
        with_input(of_status("missing")), of_status("missing")
    )
    assert "reference: absent, from transformers" in failure_message(with_input(of_status("extra")), of_status("extra"))


def test_not_finite_counts_both_sides_and_shows_the_first() -> None:
    bad = replace(
        of_status("not finite"),
        non_finite=NonFinite(0, 1234),
        worst=WorstElement((0, 3, 9), ("batch", "token", "channel"), 0.5, float("nan")),
    )
    message = failure_message(with_input(bad), bad)
    assert "NaN or infinite: 0 in the reference, 1,234 in the candidate" in message
    assert "prompt 0, token 3, channel 9: reference 0.5, candidate nan" in message
    assert "so the first NaN or infinity arises here" in message


def test_a_flag_fails_only_under_strict_and_says_so() -> None:
    flagged = of_status("rounding")
    assert "--strict" not in failure_message(with_input(flagged), flagged)
    assert "--strict" in failure_message(with_input(flagged, strict=True), flagged).splitlines()[0]
    assert "rounding alone" in failure_message(with_input(flagged, strict=True), flagged)


def test_the_command_is_safe_to_paste() -> None:
    bad = of_status("mismatch")
    assert "parity report 'my runs/first' --tap layers.3.q" in failure_message(
        with_input(bad), bad, run="my runs/first"
    )


def test_taps_that_were_not_captured_are_asked_for() -> None:
    bad = row("layers.3.resid_out", "layers.3.resid_mid", "layers.3.mlp_out", status="mismatch", ratio=9.0)
    message = failure_message(make(row("layers.2.resid_out"), bad), bad)
    assert "its inputs layers.3.resid_mid and layers.3.mlp_out were not compared" in message
    assert "--taps 'layers.3.*'" in message


def test_a_later_failure_points_at_the_first() -> None:
    first = row("layers.3.k", status="mismatch", ratio=9.0)
    later = row("layers.3.q", "layers.3.input_norm", status="mismatch", ratio=9.0)
    comparison = make(row("layers.3.input_norm"), first, later)
    assert "first tap to leave the reference is layers.3.k" in failure_message(comparison, later)
    assert "first tap" not in failure_message(comparison, first)


def test_without_an_absolute_flag_nothing_is_counted_beyond_it() -> None:
    bad = of_status("mismatch")
    relative = replace(bad, limits=replace(bad.limits, flag_metric="rel_l2", flag_threshold=0.01))
    message = failure_message(with_input(relative), relative)
    assert "or more" not in message
    assert "allowed: rel_l2 up to 0.01, found 0.0340" in message


def test_the_sentence_names_the_first_failing_tap_and_why() -> None:
    comparison = with_input(of_status("mismatch"))
    assert first_divergence_sentence(comparison) == (
        "layers.3.q (linear, prefill) is the first tap to leave the reference, at 40.0 times the noise floor; its "
        "input layers.3.input_norm (match, R 1.00) is fine, so the error arises here, in the linear layer."
    )


@pytest.mark.parametrize(
    ("first", "how_far"),
    [
        (row("q", status="mismatch", ratio=1.1, worst=55.0), "at 55.0 times the noise floor at its worst token"),
        (unmeasured(row("q", status="mismatch")), "with mean_abs 0.0123 above 0.001"),
        (absent("q", status="missing"), "missing: the reason of q;"),
        (absent("q", status="shape"), "shape: the reason of q;"),
    ],
)
def test_the_sentence_says_how_far(first: TapResult, how_far: str) -> None:
    assert how_far in first_divergence_sentence(make(first))


def test_the_sentence_of_a_clean_run_names_the_largest_ratio() -> None:
    sentence = first_divergence_sentence(make(row("a"), row("b", ratio=1.4), row("c", ratio=1.1)))
    assert sentence.startswith("No tap leaves the reference: all 3 taps compared")
    assert "rounding in float16" in sentence
    assert "largest R 1.40, at b" in sentence


def test_a_clean_run_without_a_floor_claims_less() -> None:
    sentence = first_divergence_sentence(make(unmeasured(row("a"))))
    assert "none of the 1 taps compared is flagged" in sentence
    assert "no noise floor" in sentence


def test_the_verdict_counts_every_row() -> None:
    rows = (row("a"), row("b", status="rounding"), absent("c", status="missing"), absent("d", status="extra"))
    assert verdict_line(make(*rows)) == "FAIL: 1 of 4 taps fail (1 missing); 1 match, 1 rounding, 1 extra"
    assert verdict_line(make(*rows, strict=True)) == (
        "FAIL: 2 of 4 taps fail under --strict (1 rounding, 1 missing); 1 match, 1 extra"
    )
    assert verdict_line(make(*rows[:2])) == "PASS: 2 taps, 1 match, 1 rounding"
    assert verdict_line(make(row("a"), replace(row("a"), phase="decode.0"))) == ("PASS: 2 taps in 2 phases, 2 match")


GELU = Cause("activation_other", "the activation is GELU instead of SiLU", 0.9999, 0.9, 1.1, 0)
SOURCE = diagnosed(row("layers.3.act", "layers.3.gate", status="mismatch", ratio=40.0), "source", GELU, kl=0.01)
HEIR = diagnosed(row("layers.3.mlp_out", "layers.3.act", status="mismatch", ratio=39.0), "carrier")
DIAGNOSED = make(diagnosed(row("layers.3.gate"), "clean"), SOURCE, HEIR)


def test_a_source_is_told_with_role_cause_cost_and_its_error_taken_apart() -> None:
    assert failure_message(DIAGNOSED, SOURCE, run="runs/first").splitlines()[1:7] == [
        "  role       source: why it is a source",
        "  cause      the activation is GELU instead of SiLU",
        "  evidence   explains 99.99% of its error; what is left is rounding: R 0.900 (worst token 1.10)",
        "  cost       On its own it changes 4 of 20 next tokens (20%), 2 of them where the reference's choice is clear"
        "; mean KL 0.0100 nats, at most 0.100.",
        "  born here  rel-L2 0.0200, R 30.0 (worst token 45.0)",
        "  came in    rel-L2 0.00100, R 1.00 (worst token 1.50); gain 1.20, that of noise 1.10",
    ]
    assert failure_message(DIAGNOSED, SOURCE, run="runs/first").splitlines()[-2:] == [
        "  before     no operation before it is wrong",
        "  next       parity report runs/first --tap layers.3.act",
    ]


def test_a_heir_is_sent_to_where_its_error_was_born() -> None:
    assert heir_message(DIAGNOSED, HEIR, run="runs/first").splitlines() == [
        "layers.3.mlp_out (linear, prefill): mismatch: its operation is right, it passes on an error",
        "  born       layers.3.act (linear layer, prefill): the activation is GELU instead of SiLU",
        "  next       parity report runs/first --tap layers.3.act",
    ]
    assert failure_message(DIAGNOSED, HEIR, run="runs/first").splitlines()[-3:] == [
        "  before     the error that came in was born in layers.3.act (linear layer, prefill): the activation is GELU "
        "instead of SiLU",
        "  next       parity report runs/first --tap layers.3.act",
        "             parity report runs/first --tap layers.3.mlp_out",
    ]
    shown = failure_message(DIAGNOSED, HEIR, run="runs/first", shown=True)
    assert "--tap layers.3.mlp_out" not in shown
    assert "--tap layers.3.act" in shown


def test_only_heirs_of_known_sources_are_told_in_short() -> None:
    assert heir_message(DIAGNOSED, SOURCE) == ""
    assert heir_message(DIAGNOSED, DIAGNOSED.rows[0]) == ""
    assert heir_message(make(HEIR), HEIR) == ""
    bad = of_status("mismatch")
    assert heir_message(with_input(bad), bad) == ""


def test_roles_and_sentence_agree() -> None:
    crept_over = row("layers.0.q", status="mismatch", ratio=2.1)
    comparison = make(diagnosed(crept_over, "clean"), SOURCE)
    assert first_divergence_sentence(comparison).startswith("The error is born in layers.3.act")


def test_errors_before_the_layers_fail_a_run() -> None:
    error = Finding("token_ids", "error", "prompt 0", "differs", "record again")
    assert verdict_line(replace(make(row("a")), preflight=(error,))) == (
        "FAIL: 1 error before any layer was judged; 1 taps, 1 match"
    )
    both = replace(make(row("a", status="mismatch")), preflight=(error, error))
    assert verdict_line(both) == "FAIL: 2 errors before any layer was judged; 1 of 1 taps fail (1 mismatch)"
