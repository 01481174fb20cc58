"""``--precision`` on the command line, without PyTorch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
from command_line import Command
from plain_models import huggingface_config, save_model
from small_phases import random_phase

from parity.dump import Dump
from parity.engines.onnxruntime import OnnxRuntimeRunner
from parity.engines.precision_file import PrecisionAssignment, write_precision
from parity.errors import ParityError
from parity.record import record
from parity.session import CandidateRequest
from parity.session.candidate import check_candidate

ARITHMETIC = ("MatMul", "Mul", "Add", "Sub", "Sigmoid", "Softmax")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("precision") / "tiny", huggingface_config())


@pytest.fixture
def everything(tmp_path: Path) -> Path:
    write_precision(tmp_path / "precision.json", PrecisionAssignment(("*",)))
    return tmp_path / "precision.json"


def test_build_writes_a_network_with_these_operations_in_fp32(
    parity: Command, model: Path, everything: Path, tmp_path: Path
) -> None:
    out = tmp_path / "built"
    outcome = parity("build", "--reference", model, "--dtype", "fp16", "--precision", everything, "--out", out, "-q")
    assert outcome.status == 0, outcome.err
    (precise,) = out.glob("network.fp32-*.onnx")
    assert outcome.out == f"written: {precise}\n"
    narrow = {
        (file.name, node.op_type)
        for file in out.glob("*.onnx")
        for node in ir.load(file).graph
        if node.op_type in ARITHMETIC and node.outputs[0].dtype == ir.DataType.FLOAT16
    }
    assert narrow == {("network.onnx", "MatMul"), ("network.onnx", "Mul"), ("network.onnx", "Add")}


def test_a_recording_says_which_operations_ran_in_fp32(
    parity: Command, model: Path, everything: Path, tmp_path: Path
) -> None:
    built, out = tmp_path / "built", tmp_path / "candidate"
    assert parity("build", "--reference", model, "--dtype", "fp16", "--out", built, "-q").status == 0
    runner = OnnxRuntimeRunner(built / "network.onnx")
    taps = [tap for tap in runner.describe().graph if not tap.on_request]
    record(runner, [random_phase(7, 5)], taps=taps, role="reference", out=tmp_path / "tokens")
    for candidate in (built / "network.onnx", "onnxruntime:fp16"):
        outcome = parity(
            *("record", "candidate", "--candidate", candidate, "--reference", model, "--precision", everything),
            *("--tokens", tmp_path / "tokens", "--out", out, "-q"),
        )
        assert outcome.status == 0, outcome.err
        dump, plain = Dump.open(out), Dump.open(tmp_path / "tokens")
        assert dump.manifest.runner.flags["fp32_operations"] == "*"
        arrays, others = dump.phase("prefill").arrays, plain.phase("prefill").arrays
        assert not np.array_equal(arrays["logits"], others["logits"])
        gate = arrays["layers.1.gate"].astype(np.float32)
        act = (gate / (1 + np.exp(-gate)) * arrays["layers.1.up"].astype(np.float32)).astype(np.float16)
        assert np.array_equal(act, arrays["layers.1.act"])


def test_a_dump_has_no_precision_to_choose(everything: Path, tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="--precision says nothing about --candidate"):
        check_candidate(CandidateRequest(str(tmp_path), precision=everything))


def test_a_file_that_says_nothing_of_the_kind_is_refused_before_anything_is_built(
    parity: Command, model: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    out = tmp_path / "built"
    outcome = parity("build", "--reference", model, "--dtype", "fp16", "--precision", wrong, "--out", out)
    assert outcome.status == 2
    assert "parity tune" in outcome.err
    assert not out.exists()


def test_taps_that_are_not_there_are_named(parity: Command, model: Path, tmp_path: Path) -> None:
    write_precision(tmp_path / "precision.json", PrecisionAssignment(("*.experts",)))
    outcome = parity(
        *("build", "--reference", model, "--dtype", "fp16", "--precision", tmp_path / "precision.json"),
        *("--out", tmp_path / "built"),
    )
    assert outcome.status == 2
    assert "*.experts matches none" in outcome.err
