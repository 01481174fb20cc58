"""Bad input: one message with its cure, exit status 2, nothing half-written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Command, Outcome
from safetensors.numpy import load_file, save_file

from parity.dump import Dump
from parity.errors import ParityError

Spoil = Callable[[Path], None]


def assert_refused(outcome: Outcome, *words: str) -> None:
    assert outcome.status == 2, outcome.out + outcome.err
    for word in words:
        assert word in outcome.err
    assert outcome.err.count("error:") == 1
    assert outcome.err.count("cure:") == 1
    assert "Traceback" not in outcome.err


def assert_no_dump(folder: Path) -> None:
    """Nothing in `folder` that passes for a dump, and nothing left over from making one."""
    for manifest in folder.rglob("manifest.json"):
        with pytest.raises(ParityError):
            Dump.open(manifest.parent)
    assert list(folder.rglob("*.partial-*")) == []


def test_a_candidate_that_is_not_there_is_refused_before_pytorch_is_loaded(
    parity: Command, tiny_qwen2_dir: Path, tmp_path: Path
) -> None:
    outcome = parity("run", "--reference", tiny_qwen2_dir, "--candidate", "nowhere.onnx", "--out", tmp_path / "run")
    assert_refused(outcome, "nowhere.onnx", "no such file")
    assert "PyTorch" not in outcome.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"--reference": "nowhere"}, ("nowhere", "no such folder")),
        ({"--reference": "."}, ("holds no config.json",)),
        ({"--candidate": "nowhere.onnx"}, ("nowhere.onnx", "no such file")),
        ({"--candidate": "onnxruntine:fp16"}, ("unknown engine 'onnxruntine'",)),
        ({"--candidate": "onnxruntime:fp12"}, ("fp12",)),
        ({"--candidate": "onnxruntime:bf16"}, ("bfloat16", "fp16 or fp32")),
        ({"--candidate": "onnxruntime:fp16,level=mad"}, ("mad",)),
        ({"--candidate": "."}, ("no finished dump",)),
        ({"--prompts": "nowhere.txt"}, ("nowhere.txt",)),
        ({"--taps": "layers.7.*"}, ("layers.7.*", "matches none")),
        ({"--flag": "mean_abs"}, ("--flag", "expected NAME=NUMBER")),
        ({"--limit": "median=-1"}, ("--limit", "no positive number")),
        ({"--candidate": "onnxruntime:fp32", "--truth": "fp32"}, ("--truth fp32", "--truth fp64")),
        ({"--mapping": "names.json"}, ("--mapping says nothing about --candidate onnxruntime:fp16",)),
        ({"--memory": "4G"}, ("--memory says nothing about --candidate onnxruntime:fp16", "TensorRT takes it")),
        ({"--candidate": "tensorrt:fp16", "--memory": "4 cups"}, ("'4 cups' is no size", "4G")),
        ({"--candidate": "tensorrt:fp16,memory=1G", "--memory": "4G"}, ("--memory 4G and memory=1G", "one of them")),
        ({"--device": "tpu:9"}, ("tpu:9",)),
        ({"--tokens": "nowhere"}, ("--tokens",)),
        ({"--checkpoint": "nowhere"}, ("nowhere",)),
    ],
    ids=lambda value: " ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else "",
)
def test_a_run_refuses(
    parity: Command,
    tiny_qwen2_dir: Path,
    prompts: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, str],
    words: tuple[str, ...],
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    given = {
        "--reference": str(tiny_qwen2_dir),
        "--candidate": "onnxruntime:fp16",
        "--prompts": str(prompts),
        "--out": "run",
        **options,
    }
    outcome = parity("run", "-q", *(part for pair in given.items() for part in pair))
    assert_refused(outcome, *words)
    assert_no_dump(here)


def test_what_can_not_be_run_or_judged_is_not_built(
    parity: Command, tiny_qwen2_dir: Path, prompts: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    run = ("run", "--reference", tiny_qwen2_dir, "--out", out, "-q")
    assert_refused(parity(*run, "--prompts", prompts, "--candidate", "onnxruntime:bf16"))
    assert_refused(parity(*run, "--prompts", prompts, "--candidate", "onnxruntime:fp32", "--truth", "fp32"))
    assert_refused(parity(*run, "--prompts", "nowhere.txt", "--candidate", "onnxruntime:fp16"))
    assert not out.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [("", ("holds no prompt",)), ("\n \n", ("holds no prompt",)), ("x y " * 400, ("tokens", "512 positions"))],
    ids=["empty", "blank", "too long"],
)
def test_prompts_that_can_not_be_run(
    parity: Command, tiny_qwen2_dir: Path, tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    file = tmp_path / "prompts.txt"
    file.write_text(text, encoding="utf-8")
    out = tmp_path / "reference"
    assert_refused(
        parity("record", "reference", "--reference", tiny_qwen2_dir, "--prompts", file, "--out", out, "-q"), *words
    )
    assert_no_dump(tmp_path)


def truncate(model: Path) -> None:
    file = model / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])


def drop_key(model: Path) -> None:
    _edit_weights(model, lambda tensors: tensors.pop("model.layers.1.self_attn.k_proj.bias"))


def add_key(model: Path) -> None:
    _edit_weights(model, lambda tensors: tensors.update(extra=tensors["model.norm.weight"]))


def misshape_key(model: Path) -> None:
    name = "model.layers.0.mlp.up_proj.weight"
    _edit_weights(model, lambda tensors: tensors.update({name: tensors[name][:-1]}))


def other_family(model: Path) -> None:
    _edit_config(model, model_type="llama", architectures=["LlamaForCausalLM"])


def remove_weights(model: Path) -> None:
    (model / "model.safetensors").unlink()


def break_config(model: Path) -> None:
    (model / "config.json").write_text("{", encoding="utf-8")


def remove_tokenizer(model: Path) -> None:
    for file in model.glob("token*"):
        file.unlink()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (truncate, ("model.safetensors",)),
        (drop_key, ("missing", "model.layers.1.self_attn.k_proj.bias")),
        (add_key, ("extra",)),
        (misshape_key, ("misshaped", "model.layers.0.mlp.up_proj.weight")),
        (other_family, ("llama", "qwen2")),
        (remove_weights, ("safetensors",)),
        (break_config, ("config.json", "not JSON")),
        (remove_tokenizer, ("holds no tokenizer",)),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_damaged_model_is_refused(
    parity: Command, tiny_qwen2_dir: Path, prompts: Path, tmp_path: Path, spoil: Spoil, words: tuple[str, ...]
) -> None:
    model = shutil.copytree(tiny_qwen2_dir, tmp_path / "model")
    spoil(model)
    run = ("--candidate", "onnxruntime:fp16", "--prompts", prompts, "--out", tmp_path / "run", "-q")
    assert_refused(parity("run", "--reference", model, *run), *words)
    assert_no_dump(tmp_path)


@pytest.mark.parametrize(
    "spoil", [truncate, drop_key, add_key, misshape_key, other_family, remove_weights, break_config]
)
def test_a_damaged_model_is_not_built(parity: Command, tiny_qwen2_dir: Path, tmp_path: Path, spoil: Spoil) -> None:
    model = shutil.copytree(tiny_qwen2_dir, tmp_path / "model")
    spoil(model)
    built = tmp_path / "built"
    assert_refused(parity("build", "--reference", model, "--dtype", "fp16", "--out", built, "-q"))
    assert not (built / "config.json").exists()
    assert not (built / "network.onnx").exists()


def test_a_folder_that_is_no_dump_is_not_overwritten(
    parity: Command, tiny_qwen2_dir: Path, prompts: Path, tmp_path: Path
) -> None:
    thesis = tmp_path / "out" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("years of work", encoding="utf-8")
    model = ("--reference", tiny_qwen2_dir, "--prompts", prompts)
    assert_refused(parity("record", "reference", *model, "--out", thesis.parent, "-q"), "is no dump")
    assert thesis.read_text(encoding="utf-8") == "years of work"


def test_a_model_is_not_overwritten_by_a_network(parity: Command, tiny_qwen2_dir: Path, tmp_path: Path) -> None:
    model = shutil.copytree(tiny_qwen2_dir, tmp_path / "model")
    outcome = parity("build", "--reference", tiny_qwen2_dir, "--dtype", "fp16", "--out", model, "-q")
    assert_refused(outcome, "is not overwritten")
    assert (model / "config.json").read_bytes() == (tiny_qwen2_dir / "config.json").read_bytes()


def test_build_says_what_it_needs(parity: Command) -> None:
    assert_refused(parity("build", "-q"), "--reference, --dtype and --out, or --checkpoint")
    assert_refused(parity("build", "--reference", ".", "--out", "out", "-q"), "nothing to build: no --dtype\n")
    assert_refused(parity("build", "--dtype", "fp16", "-q"), "nothing to build: no --reference and --out\n")


def test_a_defect_of_ours_is_no_divergence(parity: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("parity.session.stored.load_run", fail)
    outcome = parity("report", tmp_path)
    assert outcome.status == 3
    assert "RuntimeError: a bug" in outcome.err
    assert "defect of layer-parity" in outcome.err


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied", "runs/first"), ("runs/first: Permission denied",)),
        (MemoryError("Unable to allocate 9.0 TiB"), ("Unable to allocate 9.0 TiB", "--taps blocks")),
        (ModuleNotFoundError("No module named 'jinja2'", name="jinja2"), ("jinja2", "pip install jinja2")),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_the_machine_lacks_is_no_defect_of_ours(
    parity: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: tuple[str, ...]
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr("parity.session.stored.load_run", fail)
    assert_refused(parity("report", tmp_path), *words)


def _edit_weights(model: Path, edit: Callable[[dict[str, object]], object]) -> None:
    file = model / "model.safetensors"
    tensors = dict(load_file(file))
    edit(tensors)
    save_file(tensors, file, metadata={"format": "pt"})


def _edit_config(model: Path, **changes: object) -> None:
    file = model / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), **changes}), encoding="utf-8")
