"""Where an error that passes through a tap was born."""

from __future__ import annotations

from made_rows import diagnosed, make, row

from parity.answer.lineage import born_sentence, sources_upstream, upstream_sentence
from parity.comparison import Comparison, TapResult
from parity.diagnosis import Cause

MISSING = Cause("bias_missing", "the bias is missing", 0.9999, 0.9, 1.1, 0)


def heir(tap: str, *inputs: str) -> TapResult:
    return diagnosed(row(tap, *inputs, status="mismatch", ratio=40), "carrier")


def source(tap: str, *inputs: str, cause: Cause = MISSING) -> TapResult:
    return diagnosed(row(tap, *inputs, status="mismatch", ratio=40), "source", cause)


def clean(tap: str, *inputs: str) -> TapResult:
    return diagnosed(row(tap, *inputs), "clean")


def upstream(comparison: Comparison, tap: str) -> list[str]:
    return [found.tap for found in sources_upstream(comparison, comparison.row(tap))]


def test_only_sources_that_a_tap_is_computed_from_are_upstream() -> None:
    rows = clean("norm"), source("q", "norm"), source("k", "norm"), heir("q_rope", "q"), heir("ctx", "q_rope", "k")
    assert upstream(make(*rows), "q_rope") == ["q"]
    assert upstream(make(*rows), "ctx") == ["q", "k"]
    assert upstream(make(*rows), "k") == []


def test_behind_an_input_that_was_not_captured_every_tap_may_be() -> None:
    comparison = make(clean("embed"), source("q", "norm"), heir("out", "ctx"))
    assert upstream(comparison, "out") == ["q"]


def test_what_differs_harmlessly_is_no_origin() -> None:
    harmless = diagnosed(row("q", "norm", status="harmless", ratio=50), "source")
    assert upstream(make(clean("norm"), harmless, heir("ctx", "q")), "ctx") == []


def test_where_it_was_born_has_the_cause_beside_it() -> None:
    comparison = make(source("layers.0.q"), source("layers.1.q"), source("layers.2.q"), heir("x"))
    sentence = born_sentence(comparison, comparison.rows[:3])
    assert sentence == "layers.0.q (linear layer, prefill) and 2 more taps: the bias is missing"
    assert born_sentence(comparison, comparison.rows[:2]).startswith(
        "layers.0.q (linear layer, prefill) and layers.1.q: "
    )


def test_each_role_says_what_it_knows_of_what_came_before() -> None:
    rows = clean("norm", "embed"), source("q", "norm"), heir("ctx", "q"), source("act", "ctx")
    comparison = make(clean("embed"), *rows)
    words = {found.tap: upstream_sentence(comparison, found) for found in comparison.rows}
    assert words["embed"] == "it is computed from the token ids, which are equal on both sides"
    assert words["norm"] == "no operation before it is wrong"
    assert words["ctx"] == "the error that came in was born in q (linear layer, prefill): the bias is missing"
    assert words["act"].startswith("other errors were born before it, in q ")
