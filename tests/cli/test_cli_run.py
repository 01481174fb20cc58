"""``parity run``, ``record`` and ``build`` on a tiny model, with PyTorch and ONNX Runtime."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import onnx_ir as ir
import pytest
from command_line import Command

from parity.comparison import load_comparison
from parity.dump import Dump


def test_a_run_leaves_dumps_network_and_views(
    parity: Command, tiny_qwen2_dir: Path, prompts: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    outcome = parity(
        "run", "--reference", tiny_qwen2_dir, "--candidate", "onnxruntime:fp16", "--prompts", prompts, "--out", out
    )
    assert outcome.status == 0, outcome.err
    assert {path.name for path in out.iterdir()} == {
        *("reference", "floor", "candidate", "candidate-network"),
        *("comparison.json", "layers.csv", "report.html"),
    }
    comparison = load_comparison(out)
    assert comparison.passed
    sides = (comparison.reference, comparison.floor, comparison.candidate)
    assert [(side.dtype, side.dump) for side in sides if side] == [
        ("float64", "reference"),
        ("float16", "floor"),
        ("float16", "candidate"),
    ]
    assert len(comparison.rows) == 48
    assert all(row.noise is not None for row in comparison.rows)


def test_what_was_built_and_recorded_apart_gives_the_same_verdict(
    parity: Command, tiny_qwen3_dir: Path, prompts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = ("--reference", tiny_qwen3_dir)
    whole = parity("run", *model, "--candidate", "onnxruntime:fp32", "--prompts", prompts, "--out", "whole", "-q")
    steps = [
        ("record", "reference", *model, "--prompts", prompts, "--out", "reference"),
        ("record", "floor", *model, "--dtype", "fp32", "--tokens", "reference", "--out", "floor"),
        ("build", *model, "--dtype", "fp32", "--out", "built"),
        ("record", "candidate", "--candidate", "built/network.onnx", "--tokens", "reference", "--out", "candidate"),
    ]
    for step in steps:
        outcome = parity(*step)
        assert outcome.status == 0, outcome.err
        assert outcome.out.startswith("written: ")
    apart = parity("compare", "reference", "candidate", "--floor", "floor", *model, "--out", "apart", "-q")
    assert (apart.status, apart.out) == (whole.status, whole.out) == (0, whole.out)
    assert load_comparison(Path("apart")).rows == load_comparison(Path("whole")).rows


def test_what_taps_change_is_measured_where_asked_for(
    parity: Command, tiny_qwen2_dir: Path, prompts: Path, tmp_path: Path
) -> None:
    checks = ("--observer", "on", "--rebuild-noise", "--probe-sets", "--check-aliasing")
    model = ("--reference", tiny_qwen2_dir, "--candidate", "onnxruntime:fp16")
    whole = tmp_path / "whole"
    outcome = parity("run", *model, "--prompts", prompts, "--taps", "blocks", "--out", whole, *checks)
    assert outcome.status == 0, outcome.err
    beside = {"candidate-unprobed", "candidate-rebuilt", "candidate-copied"}
    assert beside <= {path.name for path in whole.iterdir()}
    assert "note: taps are spread over 1 of 1 engines that were built" in outcome.err
    comparison = load_comparison(whole)
    assert comparison.observer is not None
    assert (comparison.observer.grade, comparison.observer.probe_sets) == ("faithful", 1)
    assert [finding.check for finding in comparison.preflight] == ["marking"]

    out = tmp_path / "apart" / "candidate"
    sides = ("--tokens", whole / "reference", "--floor", whole / "floor")
    apart = parity("record", "candidate", *model, *sides, "--out", out, *checks)
    assert apart.status == 0, apart.err
    assert beside <= {path.name for path in out.parent.iterdir()}
    refused = parity("run", "--reference", tiny_qwen2_dir, "--candidate", out, "--out", tmp_path / "no", *checks)
    assert refused.status == 2
    assert "--observer says nothing about --candidate" in refused.err
    refused = parity("record", "candidate", *model, *sides, "--out", tmp_path / "no", "--memory", "4G")
    assert refused.status == 2
    assert "--memory says nothing about --candidate onnxruntime:fp16" in refused.err


def test_a_candidate_from_elsewhere_brings_its_own_tokens(
    parity: Command, tiny_qwen2_dir: Path, prompts: Path, tmp_path: Path
) -> None:
    model = ("--reference", tiny_qwen2_dir, "--taps", "layers")
    run = ("run", *model, "--candidate", "onnxruntime:fp16", "--prompts", prompts, "--out", tmp_path / "first")
    assert parity(*run).status == 0
    dump = tmp_path / "first" / "candidate"
    again = parity("run", *model, "--candidate", dump, "--out", tmp_path / "second")
    assert again.status == 0, again.err
    assert load_comparison(tmp_path / "second").candidate.dump == "../first/candidate"
    other = tmp_path / "other.txt"
    other.write_text("import sys\n", encoding="utf-8")
    refused = parity("run", *model, "--candidate", dump, "--prompts", other, "--out", tmp_path / "third")
    assert refused.status == 2
    assert "different tokens" in refused.err


def test_a_network_with_other_names_is_read_through_a_mapping(
    parity: Command, tiny_qwen2_dir: Path, prompts: Path, tmp_path: Path
) -> None:
    built = tmp_path / "built"
    assert parity("build", "--reference", tiny_qwen2_dir, "--dtype", "fp32", "--out", built).status == 0
    port = _rename_tensor(built / "network.onnx", "layers.1.attn_out", "/model/layers.1/o_proj")
    mapping = tmp_path / "names.json"
    mapping.write_text(json.dumps({"layers.1.attn_out": "/model/layers.1/o_proj"}), encoding="utf-8")
    model = ("--reference", tiny_qwen2_dir, "--candidate", port, "--prompts", prompts, "--taps", "blocks")
    parity("run", *model, "--out", tmp_path / "without")
    assert load_comparison(tmp_path / "without").row("layers.1.attn_out").status == "not observable"
    assert parity("run", *model, "--mapping", mapping, "--out", tmp_path / "with").status == 0
    assert load_comparison(tmp_path / "with").row("layers.1.attn_out").status == "match"


def test_a_checkpoint_can_stand_in_for_the_conversion(
    parity: Command, tiny_qwen2_dir: Path, tiny_qwen3_dir: Path, prompts: Path, tmp_path: Path
) -> None:
    built = tmp_path / "built"
    assert parity("build", "--reference", tiny_qwen2_dir, "--dtype", "fp16", "--out", built).status == 0
    assert parity("build", "--checkpoint", built).status == 0
    run = ("run", "--checkpoint", built, "--prompts", prompts, "--taps", "layers", "--out", tmp_path / "run")
    same = parity(*run, "--reference", tiny_qwen2_dir, "--candidate", "onnxruntime:fp16")
    assert same.status == 0, same.err
    other_dtype = parity(*run, "--reference", tiny_qwen2_dir, "--candidate", "onnxruntime:fp32")
    assert other_dtype.status == 2
    assert "computes in float16" in other_dtype.err
    other_model = parity(*run, "--reference", tiny_qwen3_dir, "--candidate", "onnxruntime:fp16")
    assert other_model.status == 2
    assert "not that Hugging Face model" in other_model.err


def test_without_a_floor_the_flag_decides(parity: Command, tiny_qwen2_dir: Path, prompts: Path, tmp_path: Path) -> None:
    model = ("--reference", tiny_qwen2_dir, "--candidate", "onnxruntime:fp16", "--prompts", prompts)
    outcome = parity("run", *model, "--no-floor", "--flag", "mean_abs=1e-5", "--out", tmp_path / "run")
    assert outcome.status == 1
    row = load_comparison(tmp_path / "run").first_divergence
    assert row is not None
    assert "no noise floor was recorded" in row.reason
    assert not (tmp_path / "run" / "floor").exists()


def test_the_candidate_is_recorded_without_pytorch(
    parity: Command, tiny_qwen2_dir: Path, prompts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = tmp_path / "reference"
    model = ("--reference", tiny_qwen2_dir)
    assert (
        parity("record", "reference", *model, "--prompts", prompts, "--taps", "layers", "--out", reference).status == 0
    )
    script = (
        "import sys\nsys.modules['torch'] = sys.modules['transformers'] = None\nfrom parity.cli import main\nmain()\n"
    )
    side = ("--candidate", "onnxruntime:fp16", "--tokens", reference, "--out", tmp_path / "candidate")
    command = [sys.executable, "-c", script, "record", "candidate", *map(str, (*model, *side))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    taps = [tap.name for tap in Dump.open(tmp_path / "candidate").manifest.phases[0].taps]
    assert taps == [tap.name for tap in Dump.open(reference).manifest.phases[0].taps]


def test_the_reference_runs_as_it_is_asked_to(
    parity: Command, tiny_qwen2_dir: Path, prompts: Path, tmp_path: Path
) -> None:
    model = ("--reference", tiny_qwen2_dir, "--prompts", prompts, "--taps", "logits", "-q")
    assert parity("record", "reference", *model, "--out", tmp_path / "plain").status == 0
    asked = ("--chat-template", "--attention", "sdpa", "--truth", "fp32", "--out", tmp_path / "asked")
    assert parity("record", "reference", *model, *asked).status == 0
    plain, other = Dump.open(tmp_path / "plain"), Dump.open(tmp_path / "asked")
    assert (plain.manifest.runner.flags["attention"], plain.manifest.runner.dtype) == ("eager", "float64")
    assert (other.manifest.runner.flags["attention"], other.manifest.runner.dtype) == ("sdpa", "float32")
    assert other.phase("prefill").tokens.pieces[0][0] == "<|im_start|>"
    assert plain.phase("prefill").tokens.pieces[0][0] != "<|im_start|>"


@pytest.mark.parametrize("truth", ["fp32", "fp64"])
def test_the_truth_can_be_chosen(
    parity: Command, tiny_qwen2_dir: Path, prompts: Path, tmp_path: Path, truth: str
) -> None:
    model = ("--reference", tiny_qwen2_dir, "--prompts", prompts, "--taps", "logits", "--truth", truth)
    assert parity("run", *model, "--candidate", "onnxruntime:fp16", "--out", tmp_path / "run").status == 0
    assert load_comparison(tmp_path / "run").reference.dtype == f"float{truth[2:]}"


def _rename_tensor(network: Path, name: str, other: str) -> Path:
    model = ir.load(network)
    value = next(value for node in model.graph for value in node.outputs if value.name == name)
    value.name = other
    port = network.with_name("port.onnx")
    ir.save(model, port)
    return port
