"""What the terminal says below the table of a diagnosed run, and the columns that a diagnosis adds."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from diagnosed_sample import make_diagnosed
from rich.console import Console
from sample_comparison import make_comparison

from parity.comparison import STATUSES, Comparison
from parity.finding import Finding
from parity.reports.terminal import print_comparison


def piped(comparison: Comparison, *, verbose: bool = False, run: str = "") -> str:
    stream = io.StringIO()
    print_comparison(comparison, console=Console(file=stream), verbose=verbose, run=run)
    return stream.getvalue()


def narrow(comparison: Comparison, width: int) -> str:
    stream = io.StringIO()
    print_comparison(comparison, console=Console(file=stream, force_terminal=True, width=width, color_system=None))
    return stream.getvalue()


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def line_of(text: str, label: str) -> str:
    (line,) = [line for line in text.splitlines() if line.startswith(f"{label}  ")]
    return line


def test_each_tap_has_its_role_and_the_r_of_its_own_operation() -> None:
    text = piped(make_diagnosed())
    header = next(line for line in text.splitlines() if line.startswith("tap "))
    assert header.split("  ")[0] == "tap"
    assert header.split()[:7] == ["tap", "status", "role", "R", "R", "worst", "local"]
    assert line_of(text, "layers.3.act").split()[1:3] == ["mismatch", "source"]
    assert line_of(text, "layers.3.act").split()[5] == "40.0"
    assert line_of(text, "layers.3.mlp_out").split()[1:3] == ["mismatch", "carrier"]
    assert "15 clean" in line_of(text, "layers.0.* (15)")
    assert "15 carrier" in line_of(text, "layers.5.* (15)")


def test_without_a_diagnosis_there_is_neither_column() -> None:
    header = next(line for line in piped(make_comparison(fault_layer=3)).splitlines() if line.startswith("tap "))
    assert "role" not in header
    assert "local R" not in header


@pytest.mark.parametrize("width", [50, 70, 90, 100])
@pytest.mark.parametrize("verbose", [False, True])
def test_no_line_is_wider_than_the_terminal(width: int, verbose: bool) -> None:
    comparison = make_diagnosed(also=("layers.4.q", "layers.5.v"))
    assert max(map(len, piped(comparison, verbose=verbose).splitlines())) <= 100
    text = narrow(comparison, width)
    assert max(map(len, text.splitlines())) <= width
    header = next(line for line in text.splitlines() if line.startswith("tap "))
    left_out = in_one_line(text).partition("columns are too few: ")[2].partition(".")[0].split(", ")
    for title in ("role", "local R", "mean abs", "max abs", "rel-L2", "cosine"):
        assert (title in header) is (title not in left_out)


def test_the_answer_reads_from_what_is_wrong_to_what_to_type() -> None:
    text = in_one_line(piped(make_diagnosed(), run="runs/first"))
    words = [
        "The error is born in layers.3.act (gated activation, prefill), which is wrong: the activation is GELU instead",
        "source layers.3.act (gated activation, prefill): its own operation is off",
        "cause the activation is GELU instead of SiLU",
        "evidence explains 99.998% of its error; what is left is rounding: R 0.900 (worst token 1.20)",
        "cost On its own it changes 48 of 480 next tokens (10%), 20 of them where the reference's choice is clear",
        "symptoms 34 more taps fail though their operations are right",
        "altogether On the whole the candidate changes 48 of 480 next tokens",
        "FAIL: 35 of 93 taps fail",
        "next: parity report runs/first --tap layers.3.act",
    ]
    places = [text.index(part) for part in words]
    assert places == sorted(places)
    assert text.endswith(words[-1])


def test_what_was_found_before_the_layers_comes_first_with_its_cure() -> None:
    findings = (
        Finding("copies", "note", "candidate", "was recorded twice.", ""),
        Finding("token_ids", "error", "prompt 2", "differs at token 7.", "record it again"),
    )
    comparison = replace(make_diagnosed(), preflight=findings)
    text = in_one_line(piped(comparison))
    words = ["error prompt 2: differs at token 7. cure: record it again", "no layer can be blamed yet", "source layers"]
    assert [text.index(part) for part in words] == sorted(text.index(part) for part in words)
    assert "was recorded twice" not in text
    assert "FAIL: 1 error before any layer was judged; 35 of 93 taps fail" in text
    assert "note candidate: was recorded twice." in in_one_line(piped(comparison, verbose=True))


def test_an_error_before_the_layers_fails_a_run_whose_taps_all_match() -> None:
    error = Finding("token_ids", "error", "prompt 2", "differs at token 7.", "record it again")
    text = piped(replace(make_diagnosed(fault_layer=None), preflight=(error,)))
    assert "FAIL: 1 error before any layer was judged; 93 taps, 60 match" in text


def test_several_errors_are_told_apart_the_costliest_first() -> None:
    text = in_one_line(piped(make_diagnosed(also=("layers.4.q", "layers.5.v")), run="runs/first"))
    assert "3 different errors are born, the costliest first: layers.3.act" in text
    places = [text.index(f"source {tap} ") for tap in ("layers.3.act", "layers.4.q", "layers.5.v")]
    assert places == sorted(places)
    assert text.endswith(
        "--tap layers.3.act parity report runs/first --tap layers.4.q parity report runs/first --tap layers.5.v"
    )


def test_of_many_errors_the_cheap_ones_are_listed() -> None:
    also = tuple(f"layers.{i}.{tap}" for i in (4, 5) for tap in ("q", "k", "v"))
    text = in_one_line(piped(make_diagnosed(also=also)))
    assert text.count("source layers.") == 5
    assert "more 2 other sources, which cost less: layers.5.k, layers.5.v" in text
    assert in_one_line(piped(make_diagnosed(also=also), verbose=True)).count("source layers.") == 7


def test_other_causes_are_told_where_the_best_leaves_something_or_all_are_asked_for() -> None:
    comparison = make_diagnosed()
    assert "sigmoid" not in piped(comparison)
    text = in_one_line(piped(comparison, verbose=True))
    assert "also tried the activation is x · sigmoid(1.7 x); explains 99.5%" in text
    place = next(i for i, row in enumerate(comparison.rows) if row.tap == "layers.3.act")
    diagnosis = comparison.rows[place].diagnosis
    assert diagnosis is not None
    rows = list(comparison.rows)
    for causes, words in (
        (diagnosis.causes[1:], "cause in part: the activation is x · sigmoid(1.7 x)"),
        ((), "cause unexplained looks like it grows along the prompt"),
    ):
        changed = replace(diagnosis, causes=causes, signature="it grows along the prompt")
        rows[place] = replace(rows[place], diagnosis=changed)
        assert words in in_one_line(piped(replace(comparison, rows=tuple(rows))))


def test_every_floor_is_listed_with_what_it_is_for() -> None:
    comparison = make_diagnosed()
    assert comparison.floor is not None
    text = in_one_line(piped(replace(comparison, other_floors=(comparison.floor,))))
    rule = "(for R the noisiest floor counts at each tap, for local R the first)"
    assert f"floor 2 bundled-qwen2 transformers float16 {rule}" in text


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_can_be_shown_and_counted(status: str) -> None:
    comparison = make_diagnosed(fault_layer=None)
    rows = (replace(comparison.rows[0], status=status), *comparison.rows[1:])
    text = piped(replace(comparison, rows=rows))
    assert line_of(text, "embed").partition("  ")[2].strip().startswith(status)
    assert f"1 {status}" in text or status in ("match", "rounding")


def test_a_source_without_a_price_says_why() -> None:
    comparison = make_diagnosed(also=("layers.4.q",))
    rows = tuple(
        replace(row, diagnosis=replace(row.diagnosis, cost=None)) if row.tap == "layers.4.q" and row.diagnosis else row
        for row in comparison.rows
    )
    text = in_one_line(piped(replace(comparison, rows=rows)))
    assert "cost not computed: it takes runs of the reference" in text.partition("source layers.4.q")[2]
    assert "not computed" not in text.partition("source layers.4.q")[0]
