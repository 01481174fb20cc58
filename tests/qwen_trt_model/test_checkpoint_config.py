from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from plain_models import huggingface_config, trtllm_config

from parity.errors import ParityError
from qwen_trt_model import QwenConfig
from qwen_trt_model.checkpoint_config import checkpoint_config_plain, read_checkpoint_config


def read(folder: Path, plain: dict[str, Any]) -> QwenConfig:
    (folder / "config.json").write_text(json.dumps(plain))
    return read_checkpoint_config(folder)


def test_a_config_that_trtllm_wrote_is_read_whole(tmp_path: Path) -> None:
    config = read(tmp_path, trtllm_config())
    assert (config.dtype, config.head_size, config.rotary_base) == ("float16", 8, 1e6)


def test_what_is_written_is_read_back_equal(tmp_path: Path) -> None:
    config = read(tmp_path, trtllm_config())
    assert read(tmp_path, checkpoint_config_plain(config)) == config


@pytest.mark.parametrize(
    ("key", "default"),
    [
        ("norm_epsilon", "1e-5"),
        ("position_embedding_type", "learned_absolute"),
        ("num_key_value_heads", "num_attention_heads"),
        ("intermediate_size", "4 * hidden_size"),
        ("rotary_base", "1e4"),
        ("hidden_act", "gelu"),
        ("head_size", "hidden_size / num_attention_heads"),
        ("attn_bias", "true"),
    ],
)
def test_a_default_that_bites_is_named_with_what_trtllm_would_take(tmp_path: Path, key: str, default: str) -> None:
    with pytest.raises(ParityError) as caught:
        read(tmp_path, trtllm_config(**{key: ...}))
    assert f"missing keys: {key} (TensorRT-LLM would take {default}" in caught.value.problem


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"mapping": {"world_size": 2, "tp_size": 2, "pp_size": 1}}, "'tp_size': 2"),
        ({"quantization": {"quant_algo": "W8A16"}}, "quantization.quant_algo = 'W8A16'"),
        ({"quantization": {"quant_algo": None, "kv_cache_quant_algo": "INT8"}}, "kv_cache_quant_algo"),
        ({"rotary_scaling": {"type": "yarn", "factor": 4.0}}, "rotary_scaling"),
        ({"use_logn_attn": True}, "use_logn_attn"),
        ({"moe": {"num_experts": 60}}, "moe.num_experts = 60"),
        ({"rotary_embedding_dim": 4}, "rotary_embedding_dim"),
        ({"qk_layernorm": True}, "qk_layernorm"),
        ({"position_embedding_type": "mrope"}, "position_embedding_type"),
        ({"mlp_bias": True}, "mlp_bias"),
        ({"kv_dtype": "fp8"}, "kv_dtype"),
        ({"hidden_act": "swiglu"}, "hidden_act"),
        ({"qwen_type": "qwen", "architecture": "QWenForCausalLM"}, "'qwen'"),
    ],
)
def test_what_is_not_built_is_refused_by_name(tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ParityError) as caught:
        read(tmp_path, trtllm_config(**changes))
    assert named in caught.value.problem


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="unknown keys: attn_logit_softcapping"):
        read(tmp_path, trtllm_config(attn_logit_softcapping=50.0))


def test_an_engines_config_is_told_from_a_checkpoints(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="belongs to an engine"):
        read(tmp_path, {"version": "1.2.1", "pretrained_config": trtllm_config(), "build_config": {}})


def test_a_hugging_face_config_is_told_from_a_checkpoints(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="belongs to a Hugging Face model"):
        read(tmp_path, huggingface_config())


def test_an_unknown_dtype_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="dtype 'float8' is not supported"):
        read(tmp_path, trtllm_config(dtype="float8"))
