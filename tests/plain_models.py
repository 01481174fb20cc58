"""Tiny random Qwen checkpoints in the publisher's format, written without PyTorch, as the candidate's side needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

__all__ = ["huggingface_config", "huggingface_weights", "save_model", "trtllm_config"]

Weights = dict[str, npt.NDArray[Any]]

_COMMON: dict[str, Any] = {
    "attention_dropout": 0.0,
    "bos_token_id": None,
    "dtype": "bfloat16",
    "eos_token_id": 0,
    "hidden_act": "silu",
    "hidden_size": 32,
    "initializer_range": 0.02,
    "intermediate_size": 48,
    "max_position_embeddings": 512,
    "max_window_layers": 28,
    "num_attention_heads": 4,
    "num_hidden_layers": 3,
    "num_key_value_heads": 2,
    "pad_token_id": 0,
    "rms_norm_eps": 1e-06,
    "sliding_window": None,
    "transformers_version": "5.23.0",
    "use_cache": True,
    "use_sliding_window": False,
    "vocab_size": 96,
}
_QWEN2: dict[str, Any] = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "rope_parameters": {"rope_theta": 1e6, "rope_type": "default"},
    "tie_word_embeddings": False,
}
_QWEN3: dict[str, Any] = {
    "architectures": ["Qwen3ForCausalLM"],
    "attention_bias": False,
    "head_dim": 16,
    "model_type": "qwen3",
    "rope_parameters": {"rope_theta": 1e4, "rope_type": "default"},
    "tie_word_embeddings": True,
}


def huggingface_config(model_type: str = "qwen2", **changes: Any) -> dict[str, Any]:
    """config.json as transformers 5 writes it; a change to None stays, one to `...` removes the key."""
    config = {**_COMMON, **(_QWEN2 if model_type == "qwen2" else _QWEN3), **changes}
    return {key: value for key, value in config.items() if value is not ...}


def huggingface_weights(config: dict[str, Any], *, seed: int = 3) -> Weights:
    """Random weights with large biases, norm weights far from one and small embeddings, in bf16."""
    rng = np.random.default_rng(seed)
    hidden, wide = config["hidden_size"], config["intermediate_size"]
    head = config.get("head_dim", hidden // config["num_attention_heads"])
    rows = {"q": config["num_attention_heads"] * head}
    rows["k"] = rows["v"] = config["num_key_value_heads"] * head

    def matrix(*shape: int) -> npt.NDArray[np.float32]:
        return (rng.standard_normal(shape) / shape[-1] ** 0.5).astype(np.float32)

    def norm(size: int) -> npt.NDArray[np.float32]:
        return rng.lognormal(0, 0.5, size).astype(np.float32)

    weights: Weights = {"model.embed_tokens.weight": 0.05 * rng.standard_normal((config["vocab_size"], hidden))}
    for layer in range(config["num_hidden_layers"]):
        at = f"model.layers.{layer}"
        weights[f"{at}.input_layernorm.weight"] = norm(hidden)
        weights[f"{at}.post_attention_layernorm.weight"] = norm(hidden)
        for name, size in rows.items():
            weights[f"{at}.self_attn.{name}_proj.weight"] = matrix(size, hidden)
            if config["model_type"] == "qwen2":
                weights[f"{at}.self_attn.{name}_proj.bias"] = rng.standard_normal(size)
        if config["model_type"] == "qwen3":
            weights[f"{at}.self_attn.q_norm.weight"] = norm(head)
            weights[f"{at}.self_attn.k_norm.weight"] = norm(head)
        weights[f"{at}.self_attn.o_proj.weight"] = matrix(hidden, rows["q"])
        weights[f"{at}.mlp.gate_proj.weight"] = matrix(wide, hidden)
        weights[f"{at}.mlp.up_proj.weight"] = matrix(wide, hidden)
        weights[f"{at}.mlp.down_proj.weight"] = matrix(hidden, wide)
    weights["model.norm.weight"] = norm(hidden)
    if not config["tie_word_embeddings"]:
        weights["lm_head.weight"] = matrix(config["vocab_size"], hidden)
    return {name: array.astype(ml_dtypes.bfloat16) for name, array in weights.items()}


def save_model(folder: Path, config: dict[str, Any], weights: Weights | None = None, *, shards: int = 1) -> Path:
    """Write a Hugging Face folder, in one file or in several with an index."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    weights = huggingface_weights(config) if weights is None else weights
    if shards == 1:
        save_file(weights, folder / "model.safetensors")
        return folder
    places = {name: f"model-{1 + i % shards:05d}-of-{shards:05d}.safetensors" for i, name in enumerate(weights)}
    for file in set(places.values()):
        save_file({name: weights[name] for name in weights if places[name] == file}, folder / file)
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def trtllm_config(**changes: Any) -> dict[str, Any]:
    """config.json of a Qwen2 checkpoint with the keys that TensorRT-LLM 0.17 to 1.2 writes, for the sizes above."""
    config: dict[str, Any] = {
        "mlp_bias": False,
        "attn_bias": True,
        "rotary_base": 1000000.0,
        "rotary_scaling": None,
        "disable_weight_only_quant_plugin": False,
        "num_labels": 1,
        "use_logn_attn": False,
        "mlp_only_layers": [],
        "decoder_sparse_step": 1,
        "moe": {"num_experts": 0, "top_k": 0, "normalization_mode": 0, "sparse_mixer_epsilon": 0.01, "tp_mode": 0},
        "architecture": "Qwen2ForCausalLM",
        "dtype": "float16",
        "vocab_size": 96,
        "hidden_size": 32,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "hidden_act": "silu",
        "logits_dtype": "float32",
        "norm_epsilon": 1e-06,
        "runtime_defaults": None,
        "position_embedding_type": "rope_gpt_neox",
        "num_key_value_heads": 2,
        "intermediate_size": 48,
        "max_position_embeddings": 512,
        "mapping": {
            "world_size": 1,
            "gpus_per_node": 8,
            "cp_size": 1,
            "tp_size": 1,
            "pp_size": 1,
            "moe_tp_size": 1,
            "moe_ep_size": 1,
            "auto_parallel": False,
        },
        "quantization": {
            "quant_algo": None,
            "kv_cache_quant_algo": None,
            "group_size": 128,
            "smoothquant_val": 0.5,
            "clamp_val": None,
            "use_meta_recipe": False,
            "has_zero_point": False,
            "pre_quant_scale": False,
            "exclude_modules": None,
        },
        "use_parallel_embedding": False,
        "embedding_sharding_dim": 0,
        "head_size": 8,
        "qk_layernorm": False,
        "rotary_embedding_dim": 8,
        "seq_length": 8192,
        "qwen_type": "qwen2",
        "moe_intermediate_size": 0,
        "moe_shared_expert_intermediate_size": 0,
        "tie_word_embeddings": False,
    }
    return {key: value for key, value in {**config, **changes}.items() if value is not ...}
