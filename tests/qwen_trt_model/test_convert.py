from __future__ import annotations

import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from plain_models import huggingface_config, huggingface_weights, save_model
from safetensors.numpy import load_file, save_file

from parity.errors import ParityError
from qwen_trt_model import convert, read_checkpoint, storage
from qwen_trt_model.tensors import checkpoint_tensors


def test_names_and_fusion_are_trtllms(plain_qwen2: Path, tmp_path: Path) -> None:
    theirs = load_file(plain_qwen2 / "model.safetensors")
    ours = load_file(convert(plain_qwen2, tmp_path / "out", dtype="bf16") / "rank0.safetensors")
    layer, source = "transformer.layers.1", "model.layers.1"
    qkv = np.concatenate([theirs[f"{source}.self_attn.{name}_proj.weight"] for name in "qkv"])
    assert np.array_equal(ours[f"{layer}.attention.qkv.weight"], qkv)
    bias = np.concatenate([theirs[f"{source}.self_attn.{name}_proj.bias"] for name in "qkv"])
    assert np.array_equal(ours[f"{layer}.attention.qkv.bias"], bias)
    for name, part in {
        f"{layer}.mlp.fc.weight": f"{source}.mlp.gate_proj.weight",
        f"{layer}.mlp.gate.weight": f"{source}.mlp.up_proj.weight",
        f"{layer}.mlp.proj.weight": f"{source}.mlp.down_proj.weight",
        f"{layer}.attention.dense.weight": f"{source}.self_attn.o_proj.weight",
        f"{layer}.post_layernorm.weight": f"{source}.post_attention_layernorm.weight",
        "transformer.vocab_embedding.weight": "model.embed_tokens.weight",
        "transformer.ln_f.weight": "model.norm.weight",
        "lm_head.weight": "lm_head.weight",
    }.items():
        assert np.array_equal(ours[name], theirs[part]), name
    assert len(ours) == 3 + 3 * 8


def test_qwen3_has_head_norms_and_a_tied_head_is_stored(plain_qwen3: Path, tmp_path: Path) -> None:
    theirs = load_file(plain_qwen3 / "model.safetensors")
    ours = load_file(convert(plain_qwen3, tmp_path / "out", dtype="bf16") / "rank0.safetensors")
    for which in "qk":
        name = f"transformer.layers.2.attention.{which}_layernorm.weight"
        assert np.array_equal(ours[name], theirs[f"model.layers.2.self_attn.{which}_norm.weight"])
    assert np.array_equal(ours["lm_head.weight"], theirs["model.embed_tokens.weight"])
    assert not [name for name in ours if name.endswith("bias")]


@pytest.mark.parametrize("dtype", ["fp32", "fp16", "bf16"])
def test_every_dtype_is_stored_as_asked(plain_model: Path, tmp_path: Path, dtype: str) -> None:
    checkpoint = read_checkpoint(convert(plain_model, tmp_path / "out", dtype=dtype))
    names = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}
    assert checkpoint.config.dtype == names[dtype]
    assert checkpoint.conversion is not None
    assert checkpoint.conversion.source_dtype == "bfloat16"
    assert checkpoint.conversion.model == plain_model.name
    for name in checkpoint.tensors:
        assert str(checkpoint.array(name).dtype) == names[dtype]


def test_shards_convert_like_one_file(plain_qwen2: Path, tmp_path: Path) -> None:
    sharded = save_model(tmp_path / "sharded", huggingface_config(), shards=3)
    one, many = (convert(folder, tmp_path / folder.name / "out", dtype="fp16") for folder in (plain_qwen2, sharded))
    assert (one / "rank0.safetensors").read_bytes() == (many / "rank0.safetensors").read_bytes()


def test_missing_extra_and_misshaped_tensors_are_listed_together(tmp_path: Path) -> None:
    config = huggingface_config()
    weights = huggingface_weights(config)
    del weights["model.layers.2.self_attn.k_proj.bias"]
    weights["model.layers.0.self_attn.o_proj.bias"] = np.zeros(32, ml_dtypes.bfloat16)
    weights["model.norm.weight"] = np.ones(31, ml_dtypes.bfloat16)
    with pytest.raises(ParityError) as caught:
        convert(save_model(tmp_path / "model", config, weights), tmp_path / "out", dtype="fp16")
    assert "1 missing: model.layers.2.self_attn.k_proj.bias" in caught.value.problem
    assert "1 extra: model.layers.0.self_attn.o_proj.bias" in caught.value.problem
    assert "1 misshaped: model.norm.weight is [31], expected [32]" in caught.value.problem
    assert not (tmp_path / "out").exists()


def test_overflow_in_fp16_names_the_tensor_and_leaves_no_checkpoint(tmp_path: Path) -> None:
    config = huggingface_config()
    weights = huggingface_weights(config)
    weights["model.layers.1.mlp.down_proj.weight"][3, 4] = 1e5
    model = save_model(tmp_path / "model", config, weights)
    with pytest.raises(ParityError, match=r"model\.layers\.1\.mlp\.down_proj\.weight: values overflow in float16"):
        convert(model, tmp_path / "out", dtype="fp16")
    assert list((tmp_path / "out").iterdir()) == []
    assert convert(model, tmp_path / "out", dtype="bf16")


def test_what_a_cast_loses_is_recorded(tmp_path: Path) -> None:
    config = huggingface_config()
    weights = huggingface_weights(config)
    weights["model.norm.weight"][:3] = [1e-9, 1e-7, 2.0]
    out = convert(save_model(tmp_path / "model", config, weights), tmp_path / "out", dtype="fp16")
    conversion = read_checkpoint(out).conversion
    assert conversion is not None
    (loss,) = [loss for loss in conversion.losses if loss.tensor == "model.norm.weight"]
    assert (loss.zeroed, loss.subnormal) == (1, 1)
    assert "1 values became zero" in conversion.summary


def test_a_tied_model_may_store_its_head_twice(tmp_path: Path) -> None:
    config = huggingface_config("qwen3")
    weights = huggingface_weights(config)
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"].copy()
    assert convert(save_model(tmp_path / "model", config, weights), tmp_path / "out", dtype="fp16")


def test_a_tied_model_with_another_head_is_refused(tmp_path: Path) -> None:
    config = huggingface_config("qwen3")
    weights = huggingface_weights(config)
    weights["lm_head.weight"] = -weights["model.embed_tokens.weight"]
    with pytest.raises(ParityError, match=r"tie_word_embeddings = true, but lm_head\.weight differs"):
        convert(save_model(tmp_path / "model", config, weights), tmp_path / "out", dtype="fp16")


def test_quantised_weights_are_refused_by_name(tmp_path: Path) -> None:
    config = huggingface_config()
    weights = huggingface_weights(config)
    weights["model.layers.0.mlp.up_proj.weight"] = np.zeros((48, 32), np.int8)
    with pytest.raises(ParityError, match=r"model\.layers\.0\.mlp\.up_proj\.weight is stored as I8"):
        convert(save_model(tmp_path / "model", config, weights), tmp_path / "out", dtype="fp16")


def test_truncated_weights_are_refused(tmp_path: Path) -> None:
    model = save_model(tmp_path / "model", huggingface_config())
    file = model / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ParityError, match="truncated"):
        convert(model, tmp_path / "out", dtype="fp16")


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    model = save_model(tmp_path / "model", huggingface_config(), shards=3)
    (model / "model-00002-of-00003.safetensors").unlink()
    with pytest.raises(ParityError, match="model-00002-of-00003"):
        convert(model, tmp_path / "out", dtype="fp16")


def test_somebodys_model_is_not_overwritten(plain_qwen2: Path, tmp_path: Path) -> None:
    model = save_model(tmp_path / "model", huggingface_config("qwen3"))
    for out in (plain_qwen2, model):
        before = (out / "config.json").read_bytes()
        with pytest.raises(ParityError, match="not overwritten"):
            convert(plain_qwen2, out, dtype="fp16")
        assert (out / "config.json").read_bytes() == before


def test_a_conversion_that_was_interrupted_is_no_checkpoint(
    plain_qwen2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = convert(plain_qwen2, tmp_path / "out", dtype="fp16")
    monkeypatch.setattr(storage.os, "fsync", _interrupted)
    with pytest.raises(KeyboardInterrupt):
        convert(plain_qwen2, out, dtype="fp32")
    with pytest.raises(ParityError, match=r"config\.json: no such file"):
        read_checkpoint(out)
    monkeypatch.undo()
    assert read_checkpoint(convert(plain_qwen2, out, dtype="fp32")).config.dtype == "float32"


def _interrupted(_: int) -> None:
    raise KeyboardInterrupt


def test_fp64_and_unknown_dtypes_are_refused(plain_qwen2: Path, tmp_path: Path) -> None:
    for dtype in ("fp64", "int8"):
        with pytest.raises(ParityError, match=dtype):
            convert(plain_qwen2, tmp_path / "out", dtype=dtype)


def test_the_table_covers_every_stored_tensor_once(plain_model: Path, tmp_path: Path) -> None:
    config = read_checkpoint(convert(plain_model, tmp_path / "out", dtype="fp16")).config
    parts = [part.name for tensor in checkpoint_tensors(config) for part in tensor.parts]
    stored = set(load_file(plain_model / "model.safetensors"))
    assert set(parts) == stored
    assert len(parts) - len(stored) == int(config.tie_word_embeddings)


def test_fp32_and_fp16_sources_are_read(tmp_path: Path) -> None:
    config = huggingface_config()
    for dtype in (np.float32, np.float16):
        folder = save_model(tmp_path / dtype.__name__, config)
        weights = {name: array.astype(dtype) for name, array in huggingface_weights(config).items()}
        save_file(weights, folder / "model.safetensors")
        out = convert(folder, tmp_path / f"{dtype.__name__}-out", dtype="fp16")
        assert json.loads((out / "conversion.json").read_text())["source_dtype"] == dtype.__name__
