"""The shell scripts: which commands they run in which Python. A stand-in Python writes down what it is asked for."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "benchmarks" / "tensorrt"

_STAND_IN = """#!/bin/sh
echo "$(basename "$0") $ENGINE_HOME: $*" >>"$LOG"
case "$*" in *tensorrt.commands*) sed 's/^/  /' >>"$LOG" ;; esac
case "$0 $*" in *"$FAILS"*) exit 3 ;; esac
"""


@dataclass
class Bench:
    """A folder with two stand-in Pythons."""

    folder: Path

    @property
    def log(self) -> str:
        file = self.folder / "log"
        return file.read_text() if file.is_file() else ""

    def run(self, script: str, *arguments: str, **settings: str) -> int:
        environment = {
            "PATH": os.environ["PATH"],
            "LOG": str(self.folder / "log"),
            "FAILS": "nothing fails",
            "SCRATCH": str(self.folder / "scratch"),
            "REFERENCE_PYTHON": str(self.folder / "torch-python"),
            "CANDIDATE_PYTHON": str(self.folder / "engine-python"),
            "CANDIDATE_ENV": str(self.folder / "env.sh"),
            **settings,
        }
        return subprocess.run(
            [SCRIPTS / script, *arguments],
            env=environment,
            cwd=self.folder,
            capture_output=True,
            timeout=60,
            check=False,
        ).returncode

    def recorded(self, *dumps: str) -> None:
        for dump in dumps:
            (self.folder / "scratch" / dump).mkdir(parents=True)
            (self.folder / "scratch" / dump / "manifest.json").touch()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    for name in ("torch-python", "engine-python"):
        (tmp_path / name).write_text(_STAND_IN)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "env.sh").write_text("export ENGINE_HOME=kit\n")
    return Bench(tmp_path)


def test_check_records_what_its_specs_need_each_in_its_python(bench: Bench) -> None:
    assert bench.run("check.sh", "model", "out", "tensorrt:fp16,level=0", "tensorrt:fp16", TAPS="blocks") == 0
    lines = bench.log.splitlines()
    assert lines[0] == "torch-python : -m benchmarks.tensorrt.commands --costs out/costs.csv"
    scratch = f"{bench.folder}/scratch"
    assert lines[1].split("--reference model")[1].split() == [
        "--taps", "blocks", "--truth", "auto", "--device", "cuda", "--out", f"{scratch}/reference",
    ]  # fmt: skip
    assert lines[2].strip().startswith("record floor --reference model --dtype fp16")
    assert lines[3] == "engine-python kit: -m benchmarks.tensorrt.commands --costs out/costs.csv"
    assert [line.split()[0] for line in lines[4:7]] == ["build", "record", "record"]
    assert lines[5].strip().endswith(f"--out {scratch}/candidate-tensorrt-fp16-level-0")
    assert lines[-1] == "torch-python : -m benchmarks.tensorrt.by_kind out"


def test_an_fp32_candidate_is_judged_by_fp64(bench: Bench) -> None:
    bench.run("check.sh", "model", "out")
    assert "--truth fp64" in bench.log
    assert "--dtype fp16" in bench.log
    assert "--dtype fp32" in bench.log


def test_dumps_that_are_there_are_kept_and_compared(bench: Bench) -> None:
    bench.recorded("reference", "floor-fp16", "candidate-tensorrt-fp16")
    bench.run("check.sh", "model", "out", "tensorrt:fp16")
    assert "record" not in bench.log.replace("costs", "")
    (line,) = [line for line in bench.log.splitlines() if line.strip().startswith("compare")]
    assert "--floor" in line
    assert "--reference model" in line
    bench.run("check.sh", "model", "out", "tensorrt:fp16", DIAGNOSE="no")
    assert "--reference model" not in bench.log.splitlines()[-2]


def test_candidates_can_be_recorded_twice_for_their_times(bench: Bench) -> None:
    bench.run("check.sh", "model", "out", "tensorrt:fp16", TIMES="yes", RECORD="--rebuild-noise --observer=on")
    assert "candidate-tensorrt-fp16" in bench.log
    assert "again-tensorrt-fp16" in bench.log
    assert "--rebuild-noise --observer=on" in bench.log


def test_a_candidate_that_fails_does_not_keep_others_from_being_compared(bench: Bench) -> None:
    bench.recorded("candidate-tensorrt-fp32")
    assert bench.run("check.sh", "model", "out", FAILS="engine-python") == 3
    assert "candidate-tensorrt-fp32 --floor" in bench.log
    assert "by_kind out" in bench.log


def test_without_a_reference_nothing_else_is_begun(bench: Bench) -> None:
    assert bench.run("check.sh", "model", "out", FAILS="torch-python") == 3
    assert "engine-python" not in bench.log


def test_the_large_model_is_made_checked_and_its_logits_compared(bench: Bench) -> None:
    assert bench.run("big_shape.sh", "out", MODELS=f"{bench.folder}/models", LAYERS="2") == 0
    log = bench.log
    assert "make_model --shape 7b --layers 2 --out" in log
    assert "make_tokens" in log
    assert "--lengths 512" in log
    assert r"--candidate tensorrt:fp16\,layers=chained" in log
    assert "--taps blocks --truth fp32" in log
    assert f"--candidate {bench.folder}/scratch/candidate-tensorrt-fp16-layers-chained --csv out/logits.csv" in log


def test_faults_and_speed_run_hugging_face_first_and_then_the_engine(bench: Bench) -> None:
    assert bench.run("planted_faults.sh", "out", "--seconds", "9") == 0
    assert bench.run("speed.sh", "model", "out", "tensorrt:fp16,level=3", SETTINGS="1x16") == 0
    starts = [line.split(" --")[0] for line in bench.log.splitlines() if "python" in line]
    assert starts == [
        "torch-python : -m benchmarks.tensorrt.commands",
        "engine-python kit: -m benchmarks.tensorrt.planted_faults",
        "engine-python kit: -m benchmarks.tensorrt.commands",
        "engine-python kit: -m benchmarks.tensorrt.speed_engine",
        "torch-python : -m benchmarks.tensorrt.speed_huggingface",
        "engine-python kit: -m benchmarks.tensorrt.speed_engine",
    ]
    assert "--csv out/planted_faults.csv --seconds 9" in bench.log
    assert "--build-only --settings 1x16 --candidate tensorrt:fp16,level=3" in bench.log
    assert "--settings 1x16 --candidate tensorrt:fp16,level=3 --seconds inf" in bench.log


def test_engines_are_built_one_for_each_setting_and_one_that_fails_keeps_none_from_being_timed(bench: Bench) -> None:
    asked = {"SETTINGS": "1x16,2x8", "SIDE_BY_SIDE": "2", "FAILS": "build-only"}
    assert bench.run("speed.sh", "model", "out", "tensorrt:fp16", "onnxruntime:fp16", **asked) == 0
    built = sorted(line.split("--build-only ")[1] for line in bench.log.splitlines() if "build-only" in line)
    assert built == ["--settings 1x16 --candidate tensorrt:fp16", "--settings 2x8 --candidate tensorrt:fp16"]
    assert "--settings 1x16,2x8 --candidate tensorrt:fp16 --candidate onnxruntime:fp16" in bench.log.splitlines()[-1]


@pytest.mark.parametrize("script", ["check.sh", "big_shape.sh", "planted_faults.sh", "speed.sh"])
def test_without_arguments_a_script_explains_itself(bench: Bench, script: str) -> None:
    assert bench.run(script) == 2
    assert bench.log == ""


def test_tune_records_with_pytorch_and_searches_with_the_engine(bench: Bench) -> None:
    assert bench.run("tune.sh", "model", "out", "tensorrt:fp16,accumulation=engine", MINUTES="5", LENGTHS="64,32") == 0
    lines = bench.log.splitlines()
    scratch = f"{bench.folder}/scratch"
    assert lines[0] == (
        f"torch-python : -m benchmarks.tensorrt.make_tokens --reference model --lengths 64,32 --out {scratch}/tokens"
    )
    assert lines[1] == "torch-python : -m benchmarks.tensorrt.commands --costs out/costs.csv"
    assert lines[2].split() == [
        *("record", "reference", "--reference", "model", "--tokens", f"{scratch}/tokens", "--taps", "all"),
        *("--device", "cuda", "--out", f"{scratch}/reference"),
    ]
    assert lines[3].split()[:6] == ["record", "floor", "--reference", "model", "--dtype", "fp16"]
    assert lines[4].startswith("engine-python kit: -m benchmarks.tensorrt.commands")
    assert lines[5].split()[0] == "build"
    assert lines[6].split()[2:] == [
        *(
            "-m",
            "benchmarks.tensorrt.tune_gap",
            "--reference",
            f"{scratch}/reference",
            "--floor",
            f"{scratch}/floor-fp16",
        ),
        *("--checkpoint", f"{scratch}/fp16", "--out", "out", "--model", "model"),
        *("--candidate", "tensorrt:fp16,accumulation=engine", "--limit", "median=1.5", "--minutes", "5"),
    ]
    assert len(lines) == 7


def test_tune_goes_on_from_what_is_recorded_and_does_without_weights(bench: Bench) -> None:
    bench.recorded("reference", "floor-fp16")
    (bench.folder / "scratch" / "fp16").mkdir()
    (bench.folder / "scratch" / "fp16" / "network.onnx").touch()
    assert bench.run("tune.sh", "model", "out", DIAGNOSE="no", FAILS="tune_gap") == 3
    assert "record" not in bench.log
    assert "build" not in bench.log
    search = bench.log.splitlines()[-1]
    assert "--model" not in search
    assert "--candidate" not in search
