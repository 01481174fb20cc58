"""``parity lint``: what it prints, writes and ends with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Command
from safetensors.numpy import load_file, save_file

from qwen_trt_model import convert


@pytest.fixture
def checkpoint(tiny_qwen2_dir: Path, tmp_path: Path) -> Path:
    return convert(tiny_qwen2_dir, tmp_path / "checkpoint", dtype="fp16")


@pytest.fixture
def broken(checkpoint: Path) -> Path:
    """Two mistakes: the default epsilon, and the biases of all layers doubled; and a key that nobody knows."""
    config = json.loads((checkpoint / "config.json").read_text())
    del config["norm_epsilon"]
    (checkpoint / "config.json").write_text(json.dumps({**config, "zeta": 1}))
    weights = load_file(checkpoint / "rank0.safetensors")
    doubled = {name: 2 * array if name.endswith("bias") else array for name, array in weights.items()}
    save_file(doubled, checkpoint / "rank0.safetensors")
    return checkpoint


def test_a_sound_checkpoint_ends_with_0_and_counts(parity: Command, tiny_qwen2_dir: Path, checkpoint: Path) -> None:
    outcome = parity("lint", tiny_qwen2_dir, checkpoint)
    assert outcome.status == 0
    assert re.fullmatch(r"PASS: 27 tensors, \d+ keys checked; 0 errors, 0 warnings, 0 notes; \d\.\d s\n", outcome.out)


def test_a_broken_one_ends_with_1_and_says_what_where_and_what_to_do(
    parity: Command, tiny_qwen2_dir: Path, broken: Path
) -> None:
    outcome = parity("lint", tiny_qwen2_dir, broken)
    assert outcome.status == 1
    assert outcome.out.startswith(
        "error     norm_epsilon: config.json: norm_epsilon\n"
        "          expected  1e-06\n"
        "          found     nothing, so that TensorRT-LLM takes 1e-05\n"
        '          cure      set "norm_epsilon": 1e-06; Qwen has 1e-6;'
    )
    assert "error     scaled: transformer.layers.{0-2}.attention.qkv.bias  (3 alike)\n" in outcome.out
    assert "warning   unread_keys: config.json: zeta\n" in outcome.out
    assert "FAIL: 27 tensors, " in outcome.out.splitlines()[-1]
    assert "2 errors, 1 warning, 0 notes" in outcome.out.splitlines()[-1]
    assert max(map(len, outcome.out.splitlines()[:-1])) <= 100


def test_quiet_prints_the_verdict_alone(parity: Command, tiny_qwen2_dir: Path, broken: Path) -> None:
    outcome = parity("lint", tiny_qwen2_dir, broken, "--quiet")
    assert (outcome.status, outcome.err) == (1, "")
    (line,) = outcome.out.splitlines()
    assert line.startswith("FAIL: ")


def test_findings_survive_a_file_that_can_not_be_written(
    parity: Command, tiny_qwen2_dir: Path, broken: Path, tmp_path: Path
) -> None:
    outcome = parity("lint", tiny_qwen2_dir, broken, "--json", tmp_path / "nowhere" / "lint.json")
    assert outcome.status == 2
    assert "error     norm_epsilon: config.json: norm_epsilon" in outcome.out
    assert "FAIL: " in outcome.out
    assert "lint.json" in outcome.err


def test_json_holds_everything(parity: Command, tiny_qwen2_dir: Path, broken: Path, tmp_path: Path) -> None:
    parity("lint", tiny_qwen2_dir, broken, "--quiet", "--json", tmp_path / "lint.json")
    written = json.loads((tmp_path / "lint.json").read_text())
    assert (written["tensors"], written["compared"], written["ranks"]) == (27, 27, 1)
    assert [finding["check"] for finding in written["findings"]] == ["norm_epsilon", "scaled", "unread_keys"]
    assert set(written["findings"][0]) == {"check", "severity", "subject", "expected", "found", "cure", "places"}


def test_misuse_ends_with_2(parity: Command, tiny_qwen2_dir: Path, checkpoint: Path) -> None:
    outcome = parity("lint", checkpoint, tiny_qwen2_dir)
    assert outcome.status == 2
    assert "cure:  this is a TensorRT-LLM checkpoint" in outcome.err
    assert parity("lint", tiny_qwen2_dir).status == 2


def test_neither_pytorch_nor_an_engine_is_loaded(tiny_qwen2_dir: Path, checkpoint: Path) -> None:
    code = (
        "import sys\nfrom parity.cli import main\n"
        f"sys.argv = ['parity', 'lint', '-q', {str(tiny_qwen2_dir)!r}, {str(checkpoint)!r}]\n"
        "try: main()\nexcept SystemExit as end: print(end.code, {'torch', 'onnxruntime', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 set()"


def test_a_run_refuses_a_checkpoint_that_is_not_the_model_and_says_why(
    parity: Command, tiny_qwen2_dir: Path, checkpoint: Path, prompts: Path, tmp_path: Path
) -> None:
    weights = load_file(checkpoint / "rank0.safetensors")
    names = [f"transformer.layers.1.mlp.{name}.weight" for name in ("fc", "gate")]
    swapped = {**weights, names[0]: weights[names[1]], names[1]: weights[names[0]]}
    save_file(swapped, checkpoint / "rank0.safetensors")
    asked = ("--reference", tiny_qwen2_dir, "--candidate", "onnxruntime:fp16", "--checkpoint", checkpoint)
    outcome = parity("run", *asked, "--prompts", prompts, "--out", tmp_path / "run")
    assert outcome.status == 2
    assert "the checkpoint is not that Hugging Face model" in outcome.err
    assert f"{names[0]}: expected model.layers.1.mlp.gate_proj.weight; found model.layers.1.mlp.up_proj" in outcome.err
    assert "exchange mlp.fc and mlp.gate" in outcome.err
    assert f"parity lint {tiny_qwen2_dir} {checkpoint} shows everything" in outcome.err


def test_a_run_notes_what_is_only_suspicious(
    parity: Command, tiny_qwen2_dir: Path, checkpoint: Path, prompts: Path, tmp_path: Path
) -> None:
    config = json.loads((checkpoint / "config.json").read_text())
    (checkpoint / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 256}))
    asked = ("--reference", tiny_qwen2_dir, "--candidate", "onnxruntime:fp16", "--checkpoint", checkpoint)
    outcome = parity("run", *asked, "--prompts", prompts, "--taps", "layers", "--out", tmp_path / "run")
    assert outcome.status == 0
    assert "note: config.json: max_position_embeddings: expected 512; found 256" in outcome.err
