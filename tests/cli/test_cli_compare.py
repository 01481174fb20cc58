"""``parity compare`` and ``parity report``, on dumps made here."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from command_line import Command
from made_runs import save_run

VIEWS = {"comparison.json", "layers.csv", "report.html"}


@pytest.fixture(scope="module")
def passing_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_run(tmp_path_factory.mktemp("runs") / "passing")


@pytest.fixture(scope="module")
def failing_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_run(tmp_path_factory.mktemp("runs") / "failing", fault="layers.1.attn_out")


def dumps(run: Path) -> tuple[object, ...]:
    return run / "reference", run / "candidate", "--floor", run / "floor"


def test_parity_ends_with_0_and_writes_every_view(parity: Command, passing_run: Path, tmp_path: Path) -> None:
    outcome = parity("compare", *dumps(passing_run), "--out", tmp_path / "out")
    assert outcome.status == 0
    assert "PASS: 33 taps, 33 match" in outcome.out
    assert {path.name for path in (tmp_path / "out").iterdir()} == VIEWS


def test_divergence_ends_with_1_and_names_the_tap_and_the_next_command(
    parity: Command, failing_run: Path, tmp_path: Path
) -> None:
    outcome = parity("compare", *dumps(failing_run), "--out", tmp_path)
    assert outcome.status == 1
    assert "layers.1.attn_out (linear, prefill) is the first tap to leave the reference" in outcome.out
    assert f"next: parity report {tmp_path} --tap layers.1.attn_out" in outcome.out


def test_dumps_beside_the_candidates_are_found(parity: Command, tmp_path: Path) -> None:
    alike, faulty = (save_run(tmp_path / unprobed, unprobed=unprobed) for unprobed in ("alike", "faulty"))
    outcome = parity("compare", *dumps(alike), "--out", tmp_path / "out")
    assert outcome.status == 0
    assert "observer   faithful: with 33 taps, the logits are " in outcome.out
    outcome = parity("compare", *dumps(faulty), "--out", tmp_path / "out")
    assert outcome.status == 1
    assert "observer   hides the bug: with 33 taps" in outcome.out
    assert "FAIL: without taps the engine is beyond the limits; 33 taps, 33 match" in outcome.out
    again = parity("report", tmp_path / "out", "--limit", "median=1e9", "--limit", "worst_token=1e9")
    assert again.status == 0
    assert "observer   perturbing" in again.out


def test_a_missing_library_of_the_views_is_told_before_anything_is_compared(
    parity: Command, passing_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("parity.session.views", "parity.reports.html", "parity.reports.html.page"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    outcome = parity("compare", *dumps(passing_run), "--out", tmp_path / "out")
    assert outcome.status == 2
    assert "jinja2 is needed for this and not installed" in outcome.err
    assert "comparing" not in outcome.err


def test_quiet_prints_the_verdict_alone(parity: Command, failing_run: Path, tmp_path: Path) -> None:
    outcome = parity("compare", *dumps(failing_run), "--out", tmp_path, "--quiet")
    assert outcome.status == 1
    assert outcome.err == ""
    assert len(outcome.out.splitlines()) == 2
    assert "FAIL: 1 of 33 taps" in outcome.out


def test_limits_and_flags_judge(parity: Command, passing_run: Path, tmp_path: Path) -> None:
    assert parity("compare", *dumps(passing_run), "--out", tmp_path, "--limit", "median=0.01").status == 1
    flagged = ("compare", *dumps(passing_run), "--out", tmp_path, "--flag", "layers.0.q:mean_abs=1e-9")
    assert parity(*flagged).status == 0
    assert parity(*flagged, "--strict").status == 1


def test_the_report_of_a_run_can_be_written_again(parity: Command, failing_run: Path, tmp_path: Path) -> None:
    run = shutil.copytree(failing_run, tmp_path / "run")
    assert parity("report", run).status == 1
    assert {path.name for path in run.iterdir() if path.is_file()} == VIEWS
    assert parity("report", run, "--limit", "median=1e6", "--limit", "worst_token=1e6").status == 0
    # What it was judged by is kept: the next report needs no limits.
    assert parity("report", run).status == 0


def test_one_tap_is_shown_in_full(parity: Command, failing_run: Path) -> None:
    outcome = parity("report", failing_run, "--tap", "layers.1.attn_out")
    assert outcome.status == 1
    headings = ["Inputs", "Difference from the truth", "Worst tokens", "rel-L2 along", "Worst channels", "Histogram"]
    places = [outcome.out.index(heading) for heading in headings]
    assert places == sorted(places)
    assert "layers.1.attn_ctx  match" in outcome.out
    assert "…" not in outcome.out.partition("Inputs")[2]
    assert "parity report" not in outcome.out


def test_a_tap_in_order_ends_with_0(parity: Command, failing_run: Path) -> None:
    outcome = parity("report", failing_run, "--tap", "layers.0.q")
    assert outcome.status == 0
    assert "Heads" in outcome.out


def test_two_dumps_with_different_tokens_are_refused(parity: Command, passing_run: Path, tmp_path: Path) -> None:
    other = save_run(tmp_path / "other", tokens=((1, 2, 3, 4, 5, 6, 8), (8, 9, 10)))
    outcome = parity("compare", passing_run / "reference", other / "candidate", "--out", tmp_path / "out")
    assert outcome.status == 2
    assert "ran different tokens" in outcome.err
    assert "cure:" in outcome.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("report", "nowhere"), "error: nowhere: no such folder"),
        (("report", "{run}/comparison.json"), "comparison.json: a file, expected the folder of a run"),
        (("report", "{run}", "--tap", "layers.9.q"), "error: no tap 'layers.9.q'"),
        (("report", "{run}", "--flag", "mean=1"), "error: --flag: unknown name 'mean'"),
        (("compare", "nowhere", "{run}/candidate", "--out", "out"), "error: nowhere: no such folder"),
        (("compare", "{run}", "{run}/candidate", "--out", "out"), "holds no manifest.json, so it is no finished dump"),
        (("compare", "{run}", "{run}/candidate", "--out", "out"), "cure:  name a dump in it: {run}/candidate, "),
        (
            ("compare", "{run}/reference/manifest.json", "{run}/candidate", "--out", "out"),
            "manifest.json: a file, expected the folder of a dump",
        ),
        (("compare", "{run}/reference", "{run}/candidate", "--out", "{run}/comparison.json"), "error: "),
    ],
)
def test_bad_input_ends_with_2_and_one_message(
    parity: Command,
    passing_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = parity(*(argument.format(run=passing_run) for argument in arguments), *(["-q"]))
    assert outcome.status == 2
    assert problem.format(run=passing_run) in outcome.err
    assert outcome.err.count("error:") == outcome.err.count("cure:") == 1
    assert "Traceback" not in outcome.err


def test_a_truncated_file_in_a_dump_is_refused(parity: Command, passing_run: Path, tmp_path: Path) -> None:
    run = shutil.copytree(passing_run, tmp_path / "run")
    file = next((run / "candidate").glob("*-00000.safetensors"))
    file.write_bytes(file.read_bytes()[:-100])
    outcome = parity("compare", *dumps(run), "--out", tmp_path / "out")
    assert outcome.status == 2
    assert file.name in outcome.err
    assert not (tmp_path / "out").exists()


def test_what_is_wrong_before_the_layers_is_told_first_and_fails(
    parity: Command, passing_run: Path, tmp_path: Path
) -> None:
    """The floor handed in as the candidate: every tap matches, and nothing was compared."""
    copy = shutil.copytree(passing_run / "floor", tmp_path / "candidate")
    sides = (passing_run / "reference", copy, "--floor", passing_run / "floor")
    warned = parity("compare", *sides, "--out", tmp_path / "out")
    assert warned.status == 0
    assert f"warning    {copy}: " in warned.out
    manifest = copy / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"name": "arrays"', '"name": "engine"'))
    refused = parity("compare", *sides, "--out", tmp_path / "out")
    assert refused.status == 1
    assert "The two sides are not the same model on the same input" in refused.out
    assert "FAIL: 1 error before any layer was judged; 33 taps" in refused.out
    assert parity("report", tmp_path / "out", "-q").status == 1
