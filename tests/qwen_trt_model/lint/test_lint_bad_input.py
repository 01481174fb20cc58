"""What can't be judged is refused with the reason, never taken for a fault of the checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from lint_samples import Sample
from plain_models import huggingface_config, huggingface_weights, save_model
from safetensors.numpy import save_file

from parity.errors import ParityError
from qwen_trt_model.lint import lint


def refused(model: Path, checkpoint: Path) -> str:
    with pytest.raises(ParityError) as caught:
        lint(model, checkpoint)
    assert caught.value.cure
    return str(caught.value)


@pytest.fixture
def checkpoint(qwen2: Sample, tmp_path: Path) -> Path:
    return qwen2.save(tmp_path / "checkpoint")


def test_folders_the_wrong_way_round(qwen2: Sample, checkpoint: Path) -> None:
    assert "give the Hugging Face folder first, then the checkpoint" in refused(checkpoint, qwen2.model)
    assert "belongs to a Hugging Face model" in refused(qwen2.model, qwen2.model)


@pytest.mark.parametrize("model_type", ["llama", "qwen2_moe", "qwen3_moe"])
def test_another_model(model_type: str, checkpoint: Path, tmp_path: Path) -> None:
    model = save_model(tmp_path / "other", huggingface_config(model_type="qwen2"))
    (model / "config.json").write_text(json.dumps({**huggingface_config(), "model_type": model_type}))
    assert f"model_type '{model_type}' is not known" in refused(model, checkpoint)


def test_a_model_that_is_not_whole(checkpoint: Path, tmp_path: Path) -> None:
    config = huggingface_config()
    weights = huggingface_weights(config)
    del weights["model.layers.1.self_attn.k_proj.bias"]
    assert "1 missing: model.layers.1.self_attn.k_proj.bias" in refused(
        save_model(tmp_path / "model", config, weights), checkpoint
    )


def test_a_model_without_a_size(checkpoint: Path, tmp_path: Path) -> None:
    config = huggingface_config()
    model = save_model(tmp_path / "model", config)
    (model / "config.json").write_text(json.dumps({key: config[key] for key in config if key != "hidden_size"}))
    assert "missing keys: hidden_size" in refused(model, checkpoint)


def test_a_quantised_model(checkpoint: Path, tmp_path: Path) -> None:
    config = huggingface_config()
    weights = huggingface_weights(config)
    weights["model.layers.0.mlp.up_proj.weight"] = np.zeros((48, 32), np.int8)
    assert "give the unquantised checkpoint" in refused(save_model(tmp_path / "model", config, weights), checkpoint)


def test_an_engine(qwen2: Sample, checkpoint: Path) -> None:
    (checkpoint / "config.json").write_text('{"pretrained_config": {}, "build_config": {}}')
    assert "belongs to an engine" in refused(qwen2.model, checkpoint)


def test_a_folder_without_ranks(qwen2: Sample, checkpoint: Path) -> None:
    (checkpoint / "rank0.safetensors").rename(checkpoint / "model.safetensors")
    assert "expected rank0.safetensors …, found model.safetensors" in refused(qwen2.model, checkpoint)


def test_a_truncated_file(qwen2: Sample, checkpoint: Path) -> None:
    file = checkpoint / "rank0.safetensors"
    file.write_bytes(file.read_bytes()[:-10])
    assert "truncated" in refused(qwen2.model, checkpoint)


def test_an_empty_file_is_all_missing_tensors(qwen2: Sample, checkpoint: Path) -> None:
    save_file({}, checkpoint / "rank0.safetensors")
    report = lint(qwen2.model, checkpoint)
    assert not report.passed
    assert {finding.check for finding in report.findings} == {"missing", "bias_missing"}
