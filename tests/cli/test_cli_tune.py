"""``parity tune``: on a model with PyTorch, on recorded dumps without."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Command


@pytest.fixture(scope="module")
def prompts_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("prompts") / "prompts.txt"
    file.write_text("def add(first, second):\nfor line in open(path): print(line)\n", encoding="utf-8")
    return file


def test_a_search_records_what_it_needs_once(
    parity: Command, tiny_qwen2_dir: Path, prompts_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "tune"
    command = (
        *("tune", "--reference", tiny_qwen2_dir, "--candidate", "onnxruntime:fp16"),
        *("--prompts", prompts_file, "--out", out),
    )
    outcome = parity(*command)
    assert outcome.status == 0, outcome.err
    assert "every tap is within limits as the network is; nothing needs fp32." in outcome.out
    assert "1 networks were built, 1 choices looked at" in outcome.out
    assert json.loads((out / "tune.json").read_text())["status"] == "within"
    again = parity(*command)
    assert again.status == 0
    assert "using the reference that lies in" in again.err
    assert "using the floor that lies in" in again.err
    assert "trial 1 (from disk): " in again.err
    assert "0 networks were built, 1 choices looked at" in again.out
    sdpa = parity(*command, "--attention", "sdpa")
    assert "using the floor" not in sdpa.err


def test_limits_that_no_precision_meets_exit_with_1(
    parity: Command, tiny_qwen2_dir: Path, prompts_file: Path, tmp_path: Path
) -> None:
    outcome = parity(
        *("tune", "--reference", tiny_qwen2_dir, "--candidate", "onnxruntime:fp16", "--limit", "median=0.01"),
        *("--prompts", prompts_file, "--out", tmp_path / "tune", "--max-builds", 9),
    )
    assert outcome.status == 1
    assert "taps are beyond limits even with every operation in fp32." in outcome.out
    assert "limits are narrower than taps of 16 bits allow" in outcome.out
    assert not (tmp_path / "tune" / "precision.json").exists()
    cut = parity(
        *("tune", "--reference", tiny_qwen2_dir, "--candidate", "onnxruntime:fp16", "--limit", "median=0.01"),
        *("--prompts", prompts_file, "--out", tmp_path / "other", "--max-builds", 1, "-q"),
    )
    assert (cut.status, cut.err) == (1, "")
    assert cut.out.startswith("no build is left")


def test_recorded_dumps_need_no_pytorch(
    parity: Command, tiny_qwen2_dir: Path, prompts_file: Path, tmp_path: Path
) -> None:
    model = ("--reference", tiny_qwen2_dir)
    reference, floor, built = (tmp_path / name for name in ("reference", "floor", "built"))
    assert parity("record", "reference", *model, "--prompts", prompts_file, "--out", reference).status == 0
    recorded = parity("record", "floor", *model, "--dtype", "fp16", "--tokens", reference, "--out", floor)
    assert recorded.status == 0
    assert parity("build", *model, "--dtype", "fp16", "--out", built).status == 0
    script = (
        "import sys\nsys.modules['torch'] = sys.modules['transformers'] = None\nfrom parity.cli import main\nmain()\n"
    )
    sides = ("--reference-dump", reference, "--floor", floor, "--out", tmp_path / "tune")
    command = [sys.executable, "-c", script, "tune", "--candidate", built / "network.onnx", *sides]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "errors are not taken apart" not in done.stderr
    idle = parity("tune", "--candidate", built / "network.onnx", *sides, "--prompts", prompts_file)
    assert idle.status == 2
    assert "hold their own tokens" in idle.err


def test_without_anything_to_hold_it_to_there_is_no_search(parity: Command, tmp_path: Path) -> None:
    outcome = parity("tune", "--candidate", "onnxruntime:fp16", "--out", tmp_path)
    assert outcome.status == 2
    assert "--reference-dump and --floor" in outcome.err
