"""Recordings that do not come to their end: interrupted, killed, or out of space."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from made_runs import save_run

from parity.dump import Dump
from parity.errors import ParityError
from parity.session import InputRequest, ReferenceRequest, SilentProgress
from parity.session.network import build_from_model
from parity.session.reference import record_truth


@pytest.fixture(scope="module")
def inputs(tiny_qwen2_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a reference and a network, of prompts that take long enough to be interrupted at."""
    folder = tmp_path_factory.mktemp("inputs")
    prompts = folder / "prompts.txt"
    line = "for line in open(path): print(line) " * 12
    prompts.write_text(f"{line}\n" * 32, encoding="utf-8")
    model = ReferenceRequest(str(tiny_qwen2_dir), truth="fp32")
    quiet = SilentProgress()
    record_truth(model, InputRequest(prompts), taps=None, out=folder / "reference", progress=quiet)
    build_from_model(tiny_qwen2_dir, folder / "built", dtype="fp32", progress=quiet)
    return folder


@pytest.fixture
def recording(inputs: Path, tmp_path: Path) -> list[str]:
    """A command that records a candidate."""
    sides = ["--candidate", inputs / "built" / "network.onnx", "--tokens", inputs / "reference"]
    many = ["--taps", "all,*.scores,*.probs"]  # large ones, so that there is time to interrupt
    command = [sys.executable, "-m", "parity", "record", "candidate", *sides, *many]
    return [*map(str, command), "--out", str(tmp_path / "dumps" / "candidate")]


def start(command: list[str], *, limit: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    def prepare() -> None:
        # A shell's background job ignores SIGINT, and so would what it starts.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if limit is not None:
            limit()

    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=prepare)


def wait_until_recording(folder: Path) -> Path:
    """The unfinished folder, as soon as the first file is in it."""
    for _ in range(3000):
        for found in folder.glob(".candidate.partial-*/*.safetensors"):
            return found.parent
        time.sleep(0.01)
    raise AssertionError("the recording did not begin")


def test_ctrl_c_leaves_nothing(recording: list[str], tmp_path: Path) -> None:
    process = start(recording)
    wait_until_recording(tmp_path / "dumps")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in errors
    assert "Traceback" not in errors
    assert list((tmp_path / "dumps").iterdir()) == []


def test_what_a_killed_recording_leaves_is_no_dump_and_goes_with_the_next(recording: list[str], tmp_path: Path) -> None:
    process = start(recording)
    left = wait_until_recording(tmp_path / "dumps")
    process.kill()
    process.communicate(timeout=60)
    assert left.is_dir()
    with pytest.raises(ParityError, match="no finished dump"):
        Dump.open(left)
    assert not (tmp_path / "dumps" / "candidate").exists()
    assert subprocess.run(recording, check=False).returncode == 0
    assert [path.name for path in (tmp_path / "dumps").iterdir()] == ["candidate"]
    Dump.open(tmp_path / "dumps" / "candidate")


def limit_files() -> None:
    """Let no file grow beyond 10 kB; what goes beyond fails, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))


def test_no_space_left_for_the_report_is_said(tmp_path: Path) -> None:
    run = save_run(tmp_path / "run")
    before = (run / "comparison.json").read_bytes()
    process = start([sys.executable, "-m", "parity", "report", str(run), "-q"], limit=limit_files)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"error: {run}: the report can't be written" in errors
    assert errors.count("cure:") == 1
    assert (run / "comparison.json").read_bytes() == before


def test_no_space_left_is_said_and_leaves_nothing(recording: list[str], tmp_path: Path) -> None:
    process = start(recording, limit=limit_files)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"error: {tmp_path / 'dumps' / 'candidate'}: the disk is full" in errors
    assert "cure:" in errors
    assert "Traceback" not in errors
    assert list((tmp_path / "dumps").iterdir()) == []
