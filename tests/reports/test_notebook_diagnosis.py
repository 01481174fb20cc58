"""Roles, causes and costs in the notebook."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from diagnosed_run import SOURCE, make_diagnosed_run
from sample_comparison import make_comparison
from sample_diagnosis import CAUSES, with_diagnosis
from small_run import FAULT, make_run

from parity.errors import ParityError
from parity.finding import Finding
from parity.reports.notebook import Run, open_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return open_run(make_diagnosed_run(tmp_path_factory.mktemp("runs") / "diagnosed"))


@pytest.fixture(scope="module")
def plain_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return open_run(make_run(tmp_path_factory.mktemp("runs") / "plain"))


def made_up(**options: object) -> Run:
    return Run(Path("runs/made up"), with_diagnosis(make_comparison(fault_layer=3), **options))  # type: ignore[arg-type]


def test_it_starts_at_the_source_and_not_at_what_fails_first(run: Run) -> None:
    assert run.start().row.tap == SOURCE
    assert made_up(sources=["layers.4.q"]).start().row.tap == "layers.4.q"


def test_the_answer_reads_from_source_to_next_command(run: Run) -> None:
    text = repr(run.answer())
    places = [text.index(part) for part in (f"The error is born in {SOURCE}", "cause", "evidence", "cost", "next")]
    assert places == sorted(places)
    html = run.answer()._repr_html_()
    assert "the activation is missing" in html
    assert html.count("<tr>") == html.count("</tr>") == len(text.splitlines()) - 1


def test_the_answer_escapes_what_it_is_given() -> None:
    finding = Finding("x", "error", "<b>subject</b>", "<i>", "<u>")
    run = made_up()
    html = Run(run.folder, replace(run.comparison, preflight=(finding,))).answer()._repr_html_()
    assert "&lt;b&gt;subject" in html
    assert "<b>subject" not in html


def test_other_taps_with_the_same_cause_are_named() -> None:
    assert "layers.4.q" in repr(made_up(sources=["layers.3.attn_out", "layers.4.q"]).answer())


def test_a_tap_is_taken_apart_in_a_table(run: Run) -> None:
    table = run.start().parts()
    diagnosis = run.start().row.diagnosis
    assert diagnosis is not None
    assert table.loc["born here", "noise_ratio"] == diagnosis.local.local_noise_ratio
    assert table.loc["came in", "gain"] == diagnosis.local.gain
    assert list(table.index) == ["born here", "came in", "as a whole"]


def test_causes_and_costs_of_a_source_are_tables() -> None:
    view = made_up().start()
    assert list(view.causes()["sentence"]) == [cause.sentence for cause in CAUSES]
    costs = view.costs()
    assert list(costs.columns) == ["its own error alone", "all it puts out", "the whole run"]
    assert costs.loc["flipped_positions"].tolist() == [11, 12, 12]


def test_a_carrier_has_neither_cause_nor_cost_of_its_own() -> None:
    view = made_up().tap("layers.3.resid_mid")
    assert view.causes().empty
    assert list(view.costs().columns) == ["the whole run"]


def test_a_run_that_was_not_taken_apart_says_so(plain_run: Run) -> None:
    assert not plain_run.diagnosed
    view = plain_run.tap(FAULT)
    for ask in (view.parts, view.causes, view.costs, view.plot_parts, plain_run.plot_roles):
        with pytest.raises(ParityError, match="taken apart"):
            ask()


def test_the_menus_take_a_tap_apart(run: Run) -> None:
    menus = run.drilldown()
    assert "<b>source</b>" in menus.why.value
    assert "the activation is missing" in menus.why.value
    menus.figure.value = "born or inherited"
    assert bytes(menus.image.value).startswith(b"\x89PNG")
    menus.tap.value = "prefill-embed"
    assert "<b>clean</b>" in menus.why.value
    assert "sentence" not in menus.why.value
