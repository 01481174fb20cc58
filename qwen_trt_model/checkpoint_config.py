"""QwenConfig from and to the config.json of a TensorRT-LLM checkpoint.

The format is that of `PretrainedConfig` and `QWenConfig` in TensorRT-LLM up to 1.2. Keys that TensorRT-LLM fills with
a default that fits no Qwen are required.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from parity.errors import ParityError
from parity.serial import to_plain
from qwen_trt_model.configuration import (
    ARCHITECTURES,
    DTYPES,
    ParallelMapping,
    Quantization,
    QwenConfig,
    check_sizes,
)
from qwen_trt_model.consumed_keys import ConsumedKeys, read_config_json

__all__ = ["KEYS_WITHOUT_EFFECT", "checkpoint_config_plain", "read_checkpoint_config"]

_REQUIRED = {
    "architecture": "decides which model this is",
    "dtype": "decides what the network computes in",
    "vocab_size": "decides how many rows of lm_head are real",
    "hidden_size": "required",
    "num_hidden_layers": "required",
    "num_attention_heads": "required",
    "num_key_value_heads": "TensorRT-LLM would take num_attention_heads",
    "head_size": "TensorRT-LLM would take hidden_size / num_attention_heads",
    "intermediate_size": "TensorRT-LLM would take 4 * hidden_size",
    "hidden_act": "TensorRT-LLM would take gelu",
    "norm_epsilon": "TensorRT-LLM would take 1e-5",
    "position_embedding_type": "TensorRT-LLM would take learned_absolute",
    "max_position_embeddings": "TensorRT-LLM would take none",
    "rotary_base": "TensorRT-LLM would take 1e4, and its converter 1e5 where the Hugging Face config has no rope_theta",
    "attn_bias": "TensorRT-LLM would take true",
    "qwen_type": "TensorRT-LLM would not know which Qwen this is",
}

_NEUTRAL: dict[str, tuple[tuple[Any, ...], str]] = {
    "hidden_act": (("silu",), "only silu is built"),
    "position_embedding_type": (("rope_gpt_neox",), "only rope_gpt_neox is built"),
    "rotary_scaling": ((None,), "rope scaling is not built"),
    "rotary_pct": ((1.0,), "only whole heads are rotated"),
    "use_logn_attn": ((False,), "logn attention is not built"),
    "mlp_bias": ((False,), "biases in the MLP are not built"),
    "dense_bias": ((False,), "a bias behind attention is not built"),
    "lm_head_bias": ((False,), "a bias on the head is not built"),
    "residual_mlp": ((False,), "a second MLP is not built"),
    "is_pruned": ((False,), "the weights are missing from a pruned checkpoint"),
    "moe_intermediate_size": ((0,), "mixtures of experts are not built"),
    "moe_shared_expert_intermediate_size": ((0,), "mixtures of experts are not built"),
    "moe_num_experts": ((0,), "mixtures of experts are not built"),
    "rmsnorm": ((True,), "only RMS norms are built"),
    "logits_dtype": (DTYPES, "logits are floating-point numbers"),
}
"""Keys that may be absent, each with the values that leave the numbers as they are built."""

KEYS_WITHOUT_EFFECT = {
    "decoder": "repeats qwen_type",
    "decoder_sparse_step": "places experts, and there are none",
    "disable_weight_only_quant_plugin": "concerns quantised weights, and there are none",
    "embedding_sharding_dim": "concerns several ranks, and there is one",
    "mlp_only_layers": "places experts, and there are none",
    "moe_normalization_mode": "concerns experts, and there are none",
    "moe_top_k": "concerns experts, and there are none",
    "num_labels": "concerns classification heads",
    "producer": "who wrote the file",
    "rank": "there is one",
    "runtime_defaults": "concerns the runtime's memory",
    "seq_length": "concerns logn attention, which is off",
    "share_embedding_table": "rank0.safetensors shows whether the head is stored",
    "use_parallel_embedding": "concerns several ranks, and there is one",
}
"""Keys that do not change the numbers of an unquantised checkpoint of one rank, each with the reason."""


def read_checkpoint_config(folder: Path) -> QwenConfig:
    """Read `folder`/config.json.

    Raises:
        ParityError: a key is missing, unknown, or asks for what is not supported; the message names it.
    """
    plain = read_config_json(folder)
    at = str(folder / "config.json")
    _refuse_other_formats(plain, at)
    keys = ConsumedKeys(plain, at=at)
    keys.require(_REQUIRED)
    for key, (allowed, why) in _NEUTRAL.items():
        keys.expect(key, *allowed, why=why)
    qwen_type = _qwen_type(keys)
    _consume_experts(keys)
    config = QwenConfig(
        architecture=ARCHITECTURES[qwen_type],
        qwen_type=qwen_type,
        dtype=_dtype(keys, at),
        vocab_size=keys.take("vocab_size", int),
        hidden_size=keys.take("hidden_size", int),
        num_hidden_layers=keys.take("num_hidden_layers", int),
        num_attention_heads=keys.take("num_attention_heads", int),
        num_key_value_heads=keys.take("num_key_value_heads", int),
        head_size=keys.take("head_size", int),
        intermediate_size=keys.take("intermediate_size", int),
        norm_epsilon=keys.take("norm_epsilon", float),
        max_position_embeddings=keys.take("max_position_embeddings", int),
        rotary_base=keys.take("rotary_base", float),
        attn_bias=keys.take("attn_bias", bool),
        # Without effect where the head is stored, so absence is no guess.
        tie_word_embeddings=bool(keys.take_optional("tie_word_embeddings")),
        seq_length=keys.take("seq_length", int) if "seq_length" in keys else 8192,
        logits_dtype=keys.take("logits_dtype", str) if "logits_dtype" in keys else "float32",
        mapping=_mapping(keys),
        quantization=_quantization(keys),
    )
    keys.expect("rotary_embedding_dim", None, config.head_size, why="only whole heads are rotated")
    keys.expect("kv_dtype", None, config.dtype, why="quantised caches are not built")
    keys.expect("qk_layernorm", False, config.qk_norm, why="Qwen2 has no norms on queries and keys")
    keys.ignore(KEYS_WITHOUT_EFFECT)
    keys.finish()
    return check_sizes(config, at=at)


def checkpoint_config_plain(config: QwenConfig) -> dict[str, Any]:
    """`config` as the JSON object that TensorRT-LLM reads."""
    plain: dict[str, Any] = to_plain(config)
    return plain | {"rotary_embedding_dim": config.head_size, "qk_layernorm": config.qk_norm, "mlp_bias": False}


def _refuse_other_formats(plain: dict[str, Any], at: str) -> None:
    if "pretrained_config" in plain:
        raise ParityError(
            f"{at}: belongs to an engine, not to a checkpoint",
            cure="give the checkpoint folder that the engine was built from",
        )
    if "model_type" in plain and "architecture" not in plain:
        raise ParityError(
            f"{at}: belongs to a Hugging Face model, not to a TensorRT-LLM checkpoint",
            cure="convert it first: qwen_trt_model.convert(folder, out, dtype='float16')",
        )


def _qwen_type(keys: ConsumedKeys) -> str:
    qwen_type, architecture = keys.take("qwen_type", str), keys.take("architecture", str)
    if ARCHITECTURES.get(qwen_type) != architecture:
        supported = ", ".join(f"{kind} with {name}" for kind, name in ARCHITECTURES.items())
        keys.refuse(f"qwen_type {qwen_type!r} with architecture {architecture!r}; supported are {supported}")
        keys.finish()
    return qwen_type


def _dtype(keys: ConsumedKeys, at: str) -> str:
    dtype = keys.take("dtype", str)
    if dtype not in DTYPES:
        raise ParityError(f"{at}: dtype {dtype!r} is not supported", cure=f"use one of {', '.join(DTYPES)}")
    return dtype


def _consume_experts(keys: ConsumedKeys) -> None:
    moe = keys.take_optional("moe")
    if moe and moe.get("num_experts"):
        keys.refuse(f"moe.num_experts = {moe['num_experts']}: mixtures of experts are not built")


def _mapping(keys: ConsumedKeys) -> ParallelMapping:
    """Everything else in `mapping` says how several ranks share the work, so one rank leaves it without effect."""
    mapping = keys.take_optional("mapping") or {}
    several = {
        key: size for key, size in mapping.items() if key.endswith("_size") and isinstance(size, int) and size > 1
    }
    if several:
        keys.refuse(
            f"mapping {several}: the weights are spread over several ranks; convert again with one "
            "(--tp_size 1 --pp_size 1)"
        )
    return ParallelMapping()


def _quantization(keys: ConsumedKeys) -> Quantization:
    """Everything else in `quantization` are parameters of the two algorithms."""
    quantization = keys.take_optional("quantization") or {}
    for key in ("quant_algo", "kv_cache_quant_algo"):
        if quantization.get(key) is not None:
            keys.refuse(f"quantization.{key} = {quantization[key]!r}: quantised checkpoints are not built")
    return Quantization()
