"""Qwen-1: its own names, c_attn already fused, and w1 and w2 the other way round than one thinks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lint_samples import Array, Sample, at, converted, only, split
from plain_models import huggingface_config, huggingface_weights, save_model
from safetensors.numpy import save_file

_LAYER = {
    "input_layernorm.weight": "ln_1.weight",
    "post_attention_layernorm.weight": "ln_2.weight",
    "self_attn.o_proj.weight": "attn.c_proj.weight",
    "mlp.gate_proj.weight": "mlp.w2.weight",
    "mlp.up_proj.weight": "mlp.w1.weight",
    "mlp.down_proj.weight": "mlp.c_proj.weight",
}
KEYS = {
    "architectures": ["QWenLMHeadModel"],
    "attn_dropout_prob": 0.0,
    "auto_map": {"AutoModelForCausalLM": "modeling_qwen.QWenLMHeadModel"},
    "bf16": False,
    "emb_dropout_prob": 0.0,
    "fp16": False,
    "fp32": False,
    "hidden_size": 32,
    "initializer_range": 0.02,
    "intermediate_size": 96,
    "kv_channels": 8,
    "layer_norm_epsilon": 1e-06,
    "max_position_embeddings": 512,
    "model_type": "qwen",
    "no_bias": True,
    "num_attention_heads": 4,
    "num_hidden_layers": 3,
    "onnx_safe": None,
    "rotary_emb_base": 10000,
    "rotary_pct": 1.0,
    "scale_attn_weights": True,
    "seq_length": 256,
    "tie_word_embeddings": False,
    "tokenizer_class": "QWenTokenizer",
    "transformers_version": "4.32.0",
    "use_cache": True,
    "use_dynamic_ntk": False,
    "use_flash_attn": "auto",
    "use_logn_attn": False,
    "vocab_size": 96,
}


def as_qwen1(weights: dict[str, Array]) -> dict[str, Array]:
    """The weights of a Qwen2 with as many key heads as query heads, under Qwen-1's names."""
    renamed = {"lm_head.weight": weights["lm_head.weight"]}
    renamed["transformer.wte.weight"] = weights["model.embed_tokens.weight"]
    renamed["transformer.ln_f.weight"] = weights["model.norm.weight"]
    for layer in range(3):
        ours, theirs = f"model.layers.{layer}.", f"transformer.h.{layer}."
        renamed |= {theirs + other: weights[ours + name] for name, other in _LAYER.items()}
        for kind in ("weight", "bias"):
            parts = [weights[f"{ours}self_attn.{name}_proj.{kind}"] for name in "qkv"]
            renamed[f"{theirs}attn.c_attn.{kind}"] = np.concatenate(parts)
    return renamed


@pytest.fixture
def qwen1(tmp_path: Path) -> Sample:
    """A clean checkpoint of a Qwen-1, converted by way of the Qwen2 that computes the same."""
    config = huggingface_config(num_key_value_heads=4, rope_parameters={"rope_type": "default", "rope_theta": 1e4})
    weights = huggingface_weights(config)
    sample = converted(save_model(tmp_path / "twin", config, weights), tmp_path / "out")
    model = tmp_path / "qwen1"
    model.mkdir()
    save_file(as_qwen1(weights), model / "model.safetensors")
    (model / "config.json").write_text(json.dumps(KEYS))
    theirs = {"architecture": "QWenLMHeadModel", "qwen_type": "qwen", "intermediate_size": 96, "seq_length": 256}
    return Sample(model, {**sample.config, **theirs}, sample.ranks)


def changed_model(sample: Sample, **changes: Any) -> Sample:
    (sample.model / "config.json").write_text(json.dumps({**KEYS, **changes}))
    return sample


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_a_sound_checkpoint_is_clean(qwen1: Sample, ranks: int, tmp_path: Path) -> None:
    sample = split(qwen1, tensor=ranks) if ranks > 1 else qwen1
    report = sample.lint(tmp_path)
    assert report.findings == ()
    assert report.model_type == "qwen"
    assert report.compared == report.tensors


def test_w1_taken_for_the_gate_is_told_by_both_names(qwen1: Sample, tmp_path: Path) -> None:
    names = at(0, "mlp.fc.weight"), at(0, "mlp.gate.weight")
    sample = qwen1.with_tensors(dict(zip(names, (qwen1.weights[name] for name in names[::-1]), strict=True)))
    first, second = sample.lint(tmp_path).findings
    assert (first.check, first.expected, first.found) == (
        "gate_up_exchanged",
        "transformer.h.0.mlp.w2.weight",
        "transformer.h.0.mlp.w1.weight",
    )
    assert second.found == "transformer.h.0.mlp.w2.weight"


def test_rows_of_c_attn_are_named(qwen1: Sample, tmp_path: Path) -> None:
    finding = only(qwen1.changed(at(1, "attention.qkv.bias"), lambda b: np.r_[b[:64], 0 * b[64:]]).lint(tmp_path))
    assert (finding.check, finding.expected) == ("zeroed", "transformer.h.1.attn.c_attn.bias[64:96]")


def test_the_width_of_the_mlp_is_hugging_face_s_number(qwen1: Sample, tmp_path: Path) -> None:
    finding = only(qwen1.with_keys(intermediate_size=48).lint(tmp_path))
    assert (finding.check, finding.expected, finding.found) == ("intermediate_size", "96", "48")


def test_a_qwen2_type_for_a_qwen1_is_an_error(qwen1: Sample, tmp_path: Path) -> None:
    report = qwen1.with_keys(architecture="Qwen2ForCausalLM", qwen_type="qwen2").lint(tmp_path)
    assert [finding.check for finding in report.findings] == ["architecture", "qwen_type"]


def test_dynamic_ntk_is_not_passed_on(qwen1: Sample, tmp_path: Path) -> None:
    finding = only(changed_model(qwen1, use_dynamic_ntk=True).lint(tmp_path))
    assert (finding.check, finding.severity) == ("dynamic_ntk", "warning")
    assert "prompts of more than 256 tokens" in finding.expected


def test_logn_attention_needs_its_length(qwen1: Sample, tmp_path: Path) -> None:
    sample = changed_model(qwen1, use_logn_attn=True)
    assert only(sample.lint(tmp_path)).check == "use_logn_attn"
    finding = only(sample.with_keys(use_logn_attn=True, seq_length=8192).lint(tmp_path))
    assert (finding.check, finding.expected, finding.found) == ("seq_length", "256", "8192")
    assert sample.with_keys(use_logn_attn=True).lint(tmp_path).findings == ()
