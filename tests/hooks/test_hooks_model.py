"""Weights are loaded as stored, rotary frequencies as fp32."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from capturing import captured, random_batch
from safetensors.torch import load_file, save_file
from tiny_models import save_tiny_qwen2
from transformers.utils import logging

from parity.digest import weights_digest
from parity.errors import ParityError
from parity.hooks import TransformersRunner, open_checkpoint

_DTYPES = ["float64", "float32", "float16", "bfloat16"]


@pytest.mark.parametrize("dtype", _DTYPES)
def test_each_weight_is_converted_once_from_what_is_stored(tiny_dir: Path, dtype: str) -> None:
    model = TransformersRunner(tiny_dir, dtype=dtype).model
    stored = load_file(tiny_dir / "model.safetensors")
    for name, weight in stored.items():
        assert torch.equal(model.get_parameter(name), weight.to(getattr(torch, dtype))), name
        if dtype in ("float64", "float32"):
            assert torch.equal(model.get_parameter(name).to(torch.bfloat16), weight), name
    assert len(stored) == len(list(model.parameters()))


def test_what_a_mixed_checkpoint_stores_in_fp32_is_not_rounded_to_16_bits(tiny_qwen2_dir: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_qwen2_dir, tmp_path / "mixed"))
    stored = load_file(folder / "model.safetensors")
    stored["model.norm.weight"] = stored["model.norm.weight"].float() + 1e-5
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    assert json.loads((folder / "config.json").read_text())["dtype"] == "bfloat16"
    weight = TransformersRunner(folder, dtype="fp64").model.model.norm.weight
    assert torch.equal(weight, stored["model.norm.weight"].double())


@pytest.mark.parametrize("dtype", _DTYPES)
def test_rotary_frequencies_stay_fp32(tiny_dir: Path, dtype: str) -> None:
    rotary = TransformersRunner(tiny_dir, dtype=dtype).model.model.rotary_emb
    expected = type(rotary)(rotary.config).inv_freq
    assert rotary.inv_freq.dtype == torch.float32
    assert torch.equal(rotary.inv_freq, expected)


def test_trap_half_rounds_the_rotary_frequencies(tiny_qwen2_dir: Path) -> None:
    runner = TransformersRunner(tiny_qwen2_dir, dtype="fp32")
    exact = runner.model.model.rotary_emb.inv_freq.clone()
    rounded = runner.model.half().model.rotary_emb.inv_freq
    assert rounded.dtype == torch.float16
    assert not torch.equal(rounded.float(), exact)


def test_description_says_what_made_the_numbers(tiny_qwen3_dir: Path) -> None:
    runner = TransformersRunner(tiny_qwen3_dir, dtype="fp64", attention="sdpa")
    info = runner.describe()
    assert (info.name, info.model, info.dtype) == ("transformers", "tiny-qwen3", "float64")
    assert info.weights_digest == weights_digest(tiny_qwen3_dir)
    assert set(info.versions) == {"python", "torch", "transformers"}
    assert info.flags["attention"] == "sdpa"
    assert info.flags["tf32"] == "off"
    assert info.flags["threads"] == str(torch.get_num_threads())
    assert "float64" in info.flags["truth"]
    assert "layers.2.q_norm" in info.graph
    assert info.source == str(tiny_qwen3_dir)
    assert str(tiny_qwen3_dir.parent) not in repr(replace(info, source=""))


def test_only_fp64_calls_itself_the_truth(tiny_qwen2_dir: Path) -> None:
    assert "truth" not in TransformersRunner(tiny_qwen2_dir, dtype="fp32").describe().flags


def test_a_checkpoint_is_checked_and_digested_once_for_several_runners(tiny_qwen2_dir: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_qwen2_dir, tmp_path / "copy"))
    checkpoint = open_checkpoint(folder)
    first = TransformersRunner(checkpoint, dtype="fp32").describe()
    (folder / "config.json").unlink()
    (folder / "model.safetensors").unlink()
    second = TransformersRunner(checkpoint, dtype="fp16").describe()
    assert first.weights_digest == second.weights_digest == weights_digest(tiny_qwen2_dir)


def test_describing_does_not_load_the_weights(tiny_qwen2_dir: Path) -> None:
    runner = TransformersRunner(tiny_qwen2_dir, dtype="fp32")
    runner.describe()
    assert "model" not in vars(runner)


def test_loading_says_nothing_and_leaves_the_progress_bar_as_it_was(
    tiny_qwen2_dir: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert logging.is_progress_bar_enabled()
    captured(TransformersRunner(tiny_qwen2_dir, dtype="fp32"), random_batch(3))
    assert (*capfd.readouterr(), caplog.text) == ("", "", "")
    assert logging.is_progress_bar_enabled()


def test_a_folder_is_called_by_its_own_name(tiny_qwen2_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny_qwen2_dir)
    assert TransformersRunner(".", dtype="fp32").describe().model == "tiny-qwen2"


def test_tied_embeddings_may_be_stored_once_or_twice(tmp_path: Path) -> None:
    folder = save_tiny_qwen2(tmp_path, tie_word_embeddings=True)
    once = captured(TransformersRunner(folder, dtype="fp32"), random_batch(3))["logits"]
    stored = load_file(folder / "model.safetensors")
    assert "lm_head.weight" not in stored
    stored["lm_head.weight"] = stored["model.embed_tokens.weight"].clone()
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    np.testing.assert_array_equal(captured(TransformersRunner(folder, dtype="fp32"), random_batch(3))["logits"], once)


def test_what_transformers_warns_of_while_loading_is_still_heard(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = save_tiny_qwen2(tmp_path, tie_word_embeddings=True)
    stored = load_file(folder / "model.safetensors")
    stored["lm_head.weight"] = stored["model.embed_tokens.weight"] + 1
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    captured(TransformersRunner(folder, dtype="fp32"), random_batch(3))
    assert "we will NOT tie them" in caplog.text


def test_an_unknown_dtype_is_refused(tiny_qwen2_dir: Path) -> None:
    with pytest.raises(ParityError, match="unknown dtype 'int8'"):
        TransformersRunner(tiny_qwen2_dir, dtype="int8")


@pytest.mark.parametrize("device", ["cuda:99", "cpuu", "meta:x"])
def test_a_device_that_is_not_here_is_refused(tiny_qwen2_dir: Path, device: str) -> None:
    with pytest.raises(ParityError, match=f"device '{device}' can't be used") as caught:
        TransformersRunner(tiny_qwen2_dir, dtype="fp32", device=device)
    assert "\n" not in caught.value.problem


def test_memory_that_does_not_suffice_is_said_in_words(tiny_qwen2_dir: Path) -> None:
    runner = TransformersRunner(tiny_qwen2_dir, dtype="fp32")

    def exhaust(module: Any, args: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    runner.model.register_forward_pre_hook(exhaust)
    with pytest.raises(ParityError, match="tiny-qwen2 in float32 does not fit into the memory of cpu"):
        captured(runner, random_batch(3))
