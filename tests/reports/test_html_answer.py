"""The top of the page, as it reads without a script."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

from sample_comparison import make_comparison
from sample_diagnosis import CAUSES, SIGNATURE, with_diagnosis

from parity.comparison import Comparison
from parity.finding import Finding
from parity.reports.html import render_html

HOSTILE = "</script><script>window.pwned = 1</script><img src=x onerror='window.pwned=1'>\x00\u202e"
WRONG_TOKENS = Finding("token_ids", "error", "phase prefill", "prompt 0 differs at token 3", "record again")


def broken(**options: object) -> Comparison:
    return with_diagnosis(make_comparison(fault_layer=3), **options)  # type: ignore[arg-type]


def banner(comparison: Comparison) -> str:
    """The words of the banner, white space made one blank."""
    text = render_html(comparison, run="runs/first")
    words = re.sub(r"<[^>]*>", " ", text[text.index("<header") : text.index("</header>")])
    return " ".join(unescape(words).split())


def assert_in_order(text: str, *parts: str) -> None:
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_it_reads_as_an_answer_from_source_to_next_command() -> None:
    assert_in_order(
        banner(broken()),
        "DIVERGENCE",
        "The error is born in layers.3.attn_out (linear layer, prefill), which is wrong: the bias is missing.",
        "source layers.3.attn_out",
        "cause the bias is missing explained",
        "evidence Local R 180",
        "Replayed, that cause explains 99.9996% of its error; what is left is rounding: R 0.954",
        "2 others tried the bias is multiplied by 0.0312: explains 99.48%",
        "cost On its own it changes 11 of 480 next tokens",
        "next parity report runs/first --tap layers.3.attn_out",
        "altogether On the whole the candidate changes 12 of 480 next tokens",
        "symptoms ",
        "more taps fail though their operations are right",
    )


def test_an_unexplained_source_says_so_and_what_it_looks_like() -> None:
    text = banner(broken(causes=(), signature=SIGNATURE, priced=False))
    assert_in_order(text, "cause unexplained : no known cause", "looks like " + SIGNATURE, "next parity report")
    assert "cost" not in text


def test_a_cause_that_leaves_more_than_rounding_is_said_to_explain_a_part() -> None:
    assert "by 0.0312 partly explained" in banner(broken(causes=CAUSES[1:2], signature=SIGNATURE))


def test_sources_with_one_cause_share_a_card_and_many_causes_fold() -> None:
    taps = [f"layers.{layer}.attn_out" for layer in range(5)]
    assert "The same holds at 4 more taps: attn_out of layers 1–4" in banner(broken(sources=taps))
    comparison = broken(sources=taps)
    different = {
        tap: (replace(CAUSES[0], hypothesis=f"cause{chr(97 + i)}", sentence=f"cause {chr(97 + i)}"),)
        for i, tap in enumerate(taps)
    }
    rows = tuple(
        replace(row, diagnosis=replace(row.diagnosis, causes=different[row.tap]))
        if row.diagnosis and row.tap in different
        else row
        for row in comparison.rows
    )
    text = render_html(replace(comparison, rows=rows))
    assert text.count('<article class="source">') == 5
    assert "2 more sources, each with a cause of its own" in text
    assert text.index('<details class="more-sources">') > text.index("cause c")


def test_what_was_found_before_the_layers_comes_first() -> None:
    text = banner(replace(broken(), preflight=(WRONG_TOKENS,)))
    assert_in_order(
        text,
        "NOT COMPARABLE",
        "Before any layer error phase prefill : prompt 0 differs at token 3. Record again.",
        "source layers.3.attn_out",
    )


def test_without_a_diagnosis_the_first_divergence_and_its_surroundings_have_to_do() -> None:
    text = banner(make_comparison(fault_layer=3))
    assert_in_order(text, "is the first tap to leave", "compared before it are fine", "Next parity report runs/first")
    assert "symptoms" not in text
    assert "altogether" not in text


def test_parity_says_what_it_costs_all_the_same() -> None:
    text = banner(with_diagnosis(make_comparison()))
    assert_in_order(text, "PARITY", "No tap leaves the reference", "altogether On the whole")
    assert "source" not in text
    assert "parity report" not in text


def test_hostile_causes_make_no_element() -> None:
    cause = replace(CAUSES[0], sentence=HOSTILE)
    finding = Finding(HOSTILE, "warning", HOSTILE, HOSTILE, HOSTILE)
    text = render_html(replace(broken(causes=(cause,), signature=HOSTILE), preflight=(finding,)))
    assert text.count("<script") == 2
    assert "<img" not in text
    assert "\x00" not in text
    assert "\u202e" not in text


def test_no_layer_is_blamed_before_the_sides_are_one_model() -> None:
    folded = '<details class="more-sources"><summary>What the layers show all the same</summary>'
    blamed = render_html(replace(broken(), preflight=(replace(WRONG_TOKENS, severity="warning"),)))
    unblamed = render_html(replace(broken(), preflight=(WRONG_TOKENS,)))
    assert folded not in blamed
    assert unblamed.index(folded) < unblamed.index('<article class="source">')
