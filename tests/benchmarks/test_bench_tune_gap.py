"""The search of several candidates, in a process of its own that has neither PyTorch nor pandas, nor a TensorRT."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from small_phases import random_phase

from parity.hooks import TransformersRunner
from parity.record import record
from parity.taps import select_taps
from qwen_trt_model import convert

ROOT = Path(__file__).parents[2]
ABSENT = ("torch", "transformers", "pandas", "matplotlib", "jinja2", "rich", "typer", "tensorrt")


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory, tiny_qwen2_dir: Path) -> Path:
    folder = tmp_path_factory.mktemp("gap")
    for role, dtype in (("reference", "float64"), ("floor", "float16")):
        runner = TransformersRunner(tiny_qwen2_dir, dtype=dtype)
        taps = select_taps(runner.describe().graph, "all")
        record(runner, [random_phase(24, 9, vocabulary=320)], taps=taps, role=role, out=folder / role)
    convert(tiny_qwen2_dir, folder / "checkpoint", dtype="fp16")
    return folder


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    blocked = "".join(f"sys.modules[{name!r}] = None\n" for name in ABSENT)
    entered = "runpy.run_module('benchmarks.tensorrt.tune_gap', run_name='__main__', alter_sys=True)"
    code = f"import runpy, sys\n{blocked}{entered}"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def rows(file: Path) -> list[dict[str, str]]:
    with file.open() as stream:
        return list(csv.DictReader(line for line in stream if not line.startswith("#")))


def test_each_candidate_is_a_row_also_where_it_cant_run(sides: Path, tiny_qwen2_dir: Path, tmp_path: Path) -> None:
    given = (
        *("--reference", sides / "reference", "--floor", sides / "floor", "--checkpoint", sides / "checkpoint"),
        *("--model", tiny_qwen2_dir, "--out", tmp_path),
    )
    candidates = ("tensorrt:fp16,tf32=on", "onnxruntime:fp16", "onnxruntime:fp16,level=disabled")
    asked = [word for candidate in candidates for word in ("--candidate", candidate)]
    done = run(*given, *asked, "--limit", "median=0.05")
    assert done.returncode == 1, done.stderr
    absent, first, second = rows(tmp_path / "tune_gap.csv")
    assert (absent["status"], absent["candidate"]) == ("failed", "tensorrt:fp16,tf32=on")
    assert "tensorrt can't be imported" in absent["problem"]
    for row in (first, second):
        assert (row["status"], row["builds"], row["limit"], row["problem"]) == ("cannot be met", "2", "median=0.05", "")
        assert int(row["beyond_before"]) > 0
        assert float(row["r_before"]) > 0.05
        assert row["version"].startswith("onnxruntime 1.")
    kinds = rows(tmp_path / "tune_gap_kinds.csv")
    assert {row["candidate"] for row in kinds} == set(candidates[1:])
    q = next(row for row in kinds if row["kind"] == "q")
    assert (q["taps"], q["in_fp32"]) == ("3", "3")
    assert 0 < float(q["median_r_before"]) <= float(q["largest_r_before"])
    assert float(q["largest_local_r_before"]) > 0
    again = run(*given, "--candidate", "onnxruntime:fp16")
    assert again.returncode == 0, again.stderr
    assert "trial 1 (from disk)" in again.stderr
    assert [row["status"] for row in rows(tmp_path / "tune_gap.csv")] == ["within"]


def test_help_needs_nothing_and_a_missing_dump_is_two_lines(tmp_path: Path) -> None:
    assert "--checkpoint" in run("--help").stdout
    missing = run(
        "--reference", tmp_path / "no", "--floor", tmp_path / "no", "--checkpoint", tmp_path, "--out", tmp_path
    )
    assert missing.returncode == 2
    assert missing.stderr.startswith("error: ")
    assert "Traceback" not in missing.stderr
