from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from plain_models import huggingface_config

from parity.errors import ParityError
from qwen_trt_model import QwenConfig, read_huggingface_config


def read(folder: Path, model_type: str = "qwen2", **changes: Any) -> QwenConfig:
    (folder / "config.json").write_text(json.dumps(huggingface_config(model_type, **changes)))
    return read_huggingface_config(folder, dtype="float16")


def test_qwen2_as_transformers_5_writes_it(tmp_path: Path) -> None:
    config = read(tmp_path)
    assert (config.head_size, config.rotary_base, config.norm_epsilon) == (8, 1e6, 1e-6)
    assert config.attn_bias
    assert not config.qk_norm
    assert config.dtype == "float16"


def test_qwen3_has_its_own_head_size_and_head_norms(tmp_path: Path) -> None:
    config = read(tmp_path, "qwen3")
    assert (config.head_size, config.query_size, config.key_size) == (16, 64, 32)
    assert config.qk_norm
    assert config.tie_word_embeddings
    assert not config.attn_bias
    assert config.decoder_shape.head_dim == 16


def test_transformers_4_form_of_rope_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, rope_parameters=..., rope_theta=5e5, rope_scaling=None).rotary_base == 5e5


def test_whole_numbers_serve_as_floats(tmp_path: Path) -> None:
    assert read(tmp_path, rope_parameters=..., rope_theta=1000000).rotary_base == 1e6


@pytest.mark.parametrize(
    "key",
    ["rms_norm_eps", "num_key_value_heads", "intermediate_size", "tie_word_embeddings", "hidden_act", "vocab_size"],
)
def test_a_missing_key_is_named_and_nothing_assumed(tmp_path: Path, key: str) -> None:
    with pytest.raises(ParityError, match=rf"missing keys: {key} \("):
        read(tmp_path, **{key: ...})


def test_missing_rope_theta_says_what_others_would_take(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match=r"rope_parameters or rope_theta .*TensorRT-LLM 1e5"):
        read(tmp_path, rope_parameters=...)


def test_qwen3_without_head_dim_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match=r"head_dim \(transformers would take 128"):
        read(tmp_path, "qwen3", head_dim=...)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e6, "factor": 4.0}}, "'yarn'"),
        ({"rope_parameters": {"rope_type": "llama3", "rope_theta": 1e6}}, "'llama3'"),
        ({"rope_parameters": ..., "rope_theta": 1e6, "rope_scaling": {"type": "dynamic"}}, "rope_scaling"),
        ({"use_sliding_window": True, "sliding_window": 64, "max_window_layers": 1}, "sliding_window = 64"),
        ({"layer_types": ["full_attention", "sliding_attention", "full_attention"]}, "layer_types"),
        ({"hidden_act": "gelu"}, "hidden_act = 'gelu'"),
        ({"quantization_config": {"quant_method": "awq"}}, "quantization_config"),
        ({"attention_bias": False}, "attention_bias"),
        ({"architectures": ["Qwen2ForSequenceClassification"]}, "architectures"),
        ({"use_mrope": True}, "use_mrope"),
    ],
)
def test_what_is_not_built_is_refused_by_name(tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ParityError, match="not supported") as caught:
        read(tmp_path, **changes)
    assert named in caught.value.problem
    assert caught.value.cure


def test_qwen3_with_attention_bias_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="attention_bias = True"):
        read(tmp_path, "qwen3", attention_bias=True)


def test_all_refusals_are_listed_together(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match=r"hidden_act.*use_mrope"):
        read(tmp_path, hidden_act="gelu", use_mrope=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"use_sliding_window": False, "sliding_window": 32768, "max_window_layers": 0},
        {"use_sliding_window": True, "sliding_window": 64, "max_window_layers": 3},
        {"use_sliding_window": True, "sliding_window": None, "max_window_layers": 0},
        {"layer_types": ["full_attention"] * 3},
    ],
)
def test_a_sliding_window_without_effect_is_fine(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert read(tmp_path, **changes).num_hidden_layers == 3


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="unknown keys: attn_logit_softcapping"):
        read(tmp_path, attn_logit_softcapping=50.0)


def test_an_unknown_key_within_rope_parameters_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match=r"rope_parameters: unknown keys: mrope_section"):
        read(tmp_path, rope_parameters={"rope_type": "default", "rope_theta": 1e6, "mrope_section": [1]})


def test_two_thetas_that_disagree_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="disagree"):
        read(tmp_path, rope_theta=1e4)


def test_another_model_type_is_refused_with_the_supported_ones(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({**huggingface_config(), "model_type": "qwen2_moe"}))
    with pytest.raises(ParityError, match="'qwen2_moe' is not supported") as caught:
        read_huggingface_config(tmp_path, dtype="float32")
    assert "qwen2, qwen3" in caught.value.cure


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"num_key_value_heads": 3}, "num_key_value_heads"),
        ({"hidden_size": 33}, "num_attention_heads"),
        ({"num_hidden_layers": 0}, "num_hidden_layers"),
        ({"hidden_size": "32"}, "hidden_size: expected int"),
        ({"head_dim": 7}, "head_size = 7 is odd"),
    ],
)
def test_sizes_that_fit_no_decoder_are_refused(tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ParityError, match=named):
        read(tmp_path, **changes)


def test_a_missing_folder_a_missing_file_and_damaged_json_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="no such folder"):
        read_huggingface_config(tmp_path / "absent", dtype="float32")
    with pytest.raises(ParityError, match=r"config\.json: no such file"):
        read_huggingface_config(tmp_path, dtype="float32")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ParityError, match="not JSON"):
        read_huggingface_config(tmp_path, dtype="float32")
