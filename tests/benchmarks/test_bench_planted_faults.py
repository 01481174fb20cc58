"""Planted faults as the script looks for them, with ONNX Runtime in TensorRT's place."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.tensorrt import planted_faults
from benchmarks.tensorrt.commands import run_commands
from benchmarks.tensorrt.figures import Table
from benchmarks.tensorrt.planted_faults import DEFAULT_CASES, Case, FaultRow
from parity.dump import Dump
from qwen_trt_model import bundled_model

PROMPTS = Path(planted_faults.__file__).with_name("fault_prompts.jsonl")


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Truth and floor, as `planted_faults.sh` records them."""
    folder, model = tmp_path_factory.mktemp("faults"), bundled_model()
    lines = [
        f"record reference --reference {model} --prompts {PROMPTS} --truth fp64 --out {folder}/reference",
        f"record floor --reference {model} --dtype fp16 --tokens {folder}/reference --out {folder}/floor-fp16",
    ]
    costs = run_commands(lines, costs=folder / "costs.csv", seconds=600)
    assert [cost.status for cost in costs] == [0, 0]
    return folder


def look_for(cases: str, dumps: Path, csv: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    """Run the script in fp16 and return its exit status."""
    sides = ["--truth", f"{dumps}/reference", "--floor", f"{dumps}/floor-fp16", "--scratch", str(dumps)]
    engine = ["--engine", "onnxruntime", "--engine-options", "threads=1", "--dtypes", "fp16"]
    arguments = ["planted_faults", *sides, *engine, "--csv", str(csv), "--cases", cases, *more]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        planted_faults.main()
    return int(ended.value.code or 0)


def rows_of(csv: Path) -> list[FaultRow]:
    return Table(csv, FaultRow, origin="").rows


def test_faults_are_found_and_the_sound_network_is_not(
    dumps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    csv = tmp_path / "faults.csv"
    assert look_for("none,D07:3,A13", dumps, csv, monkeypatch) == 0
    sound, gelu, norm = rows_of(csv)
    assert (sound.found_tap, sound.status, sound.detected) == ("", "pass", False)
    assert sound.r < 2
    assert (gelu.found_tap, gelu.layer, gelu.detected) == ("layers.3.act", "3", True)
    assert (norm.found_tap, norm.layer, norm.detected) == ("final_norm", "all", True)
    assert min(gelu.r, norm.r) > 20
    assert {row.taps for row in rows_of(csv)} == {93}


def test_a_fault_that_is_missed_fails_the_script(dumps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Case, "expected_tap", "layers.5.q")
    assert look_for("A13", dumps, tmp_path / "faults.csv", monkeypatch) == 1
    (row,) = rows_of(tmp_path / "faults.csv")
    assert (row.found_tap, row.detected) == ("final_norm", False)


def test_rows_that_are_there_are_kept_and_errors_tried_again(
    dumps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    csv = tmp_path / "faults.csv"
    assert look_for("A09,A09:1", dumps, csv, monkeypatch) == 1
    before = rows_of(csv)
    assert before[0].detected
    assert before[1].status.startswith("error: fault A09")
    look_for("A09,A09:1", dumps, csv, monkeypatch)
    assert rows_of(csv) == before


def test_none_is_begun_when_the_time_is_over(
    dumps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    look_for("none,A09", dumps, tmp_path / "faults.csv", monkeypatch, "--seconds", "-1")
    assert not (tmp_path / "faults.csv").exists()
    assert "left for later" in capsys.readouterr().out


def test_at_least_ten_faults_are_planted_by_default(dumps: Path) -> None:
    cases = [Case.parse(text) for text in DEFAULT_CASES.split(",")]
    graph = Dump.open(dumps / "reference").manifest.runner.graph
    assert len(cases) == len(set(cases)) > 10
    assert all(case.expected_tap in graph for case in cases if case.fault != "none")


def test_its_prompts_are_few_and_short(dumps: Path) -> None:
    lengths = Dump.open(dumps / "reference").phase("prefill").tokens.lengths
    assert len(lengths) == 3
    assert 64 < max(lengths) <= 96
