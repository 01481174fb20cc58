"""QwenConfig from a Hugging Face config.json, as transformers 4 and 5 write it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from parity.errors import ParityError
from qwen_trt_model.configuration import ARCHITECTURES, QwenConfig, check_sizes
from qwen_trt_model.consumed_keys import ConsumedKeys, read_config_json

__all__ = ["KEYS_WITHOUT_EFFECT", "read_huggingface_config"]

_REQUIRED = {
    "architectures": "decides which head the model has",
    "vocab_size": "transformers would take 151936",
    "hidden_size": "transformers would take 4096",
    "intermediate_size": "transformers would take 22016, TensorRT-LLM 4 * hidden_size",
    "num_hidden_layers": "transformers would take 32",
    "num_attention_heads": "transformers would take 32",
    "num_key_value_heads": "transformers would take 32, TensorRT-LLM num_attention_heads",
    "hidden_act": "transformers would take silu, TensorRT-LLM gelu",
    "rms_norm_eps": "transformers would take 1e-6, TensorRT-LLM 1e-5",
    "max_position_embeddings": "transformers would take 32768",
    "tie_word_embeddings": "transformers would take false",
}
_REQUIRED_QWEN3 = {
    "head_dim": "transformers would take 128, TensorRT-LLM hidden_size / num_attention_heads",
    "attention_bias": "transformers would take false",
}

KEYS_WITHOUT_EFFECT = {
    "_name_or_path": "where the model came from",
    "attention_dropout": "off in inference",
    "bos_token_id": "used by generation, not by the forward pass",
    "dtype": "the safetensors files say what the weights are stored in",
    "eos_token_id": "used by generation, not by the forward pass",
    "initializer_range": "used before training",
    "pad_token_id": "padding is masked",
    "tokenizer_class": "token ids come from outside",
    "torch_dtype": "the safetensors files say what the weights are stored in",
    "transformers_version": "who wrote the file",
    "unsloth_fixed": "who wrote the file",
    "unsloth_version": "who wrote the file",
    "use_cache": "changes speed, not numbers",
}
"""Keys that do not change the numbers, each with the reason."""


def read_huggingface_config(folder: Path, *, dtype: str) -> QwenConfig:
    """Read `folder`/config.json for a network that computes in `dtype` (numpy's name).

    Raises:
        ParityError: a key is missing, unknown, or asks for what is not supported; the message names it.
    """
    plain = read_config_json(folder)
    at = str(folder / "config.json")
    qwen_type = _qwen_type(plain, at)
    keys = ConsumedKeys(plain, at=at)
    keys.require(_REQUIRED | (_REQUIRED_QWEN3 if qwen_type == "qwen3" else {}))
    config = QwenConfig(
        architecture=_architecture(keys, qwen_type),
        qwen_type=qwen_type,
        dtype=dtype,
        vocab_size=keys.take("vocab_size", int),
        hidden_size=keys.take("hidden_size", int),
        num_hidden_layers=keys.take("num_hidden_layers", int),
        num_attention_heads=keys.take("num_attention_heads", int),
        num_key_value_heads=keys.take("num_key_value_heads", int),
        head_size=_head_size(keys),
        intermediate_size=keys.take("intermediate_size", int),
        norm_epsilon=keys.take("rms_norm_eps", float),
        max_position_embeddings=keys.take("max_position_embeddings", int),
        rotary_base=_rotary_base(keys, at),
        attn_bias=_attention_bias(keys, qwen_type),
        tie_word_embeddings=keys.take("tie_word_embeddings", bool),
    )
    keys.expect("hidden_act", "silu", why="only silu is built")
    keys.expect("quantization_config", None, why="quantised weights are not built")
    keys.expect("use_mrope", False, why="multimodal rotary embedding is not built")
    _refuse_sliding_window(keys, config.num_hidden_layers)
    keys.ignore(KEYS_WITHOUT_EFFECT)
    keys.finish()
    return check_sizes(config, at=at)


def _qwen_type(plain: dict[str, Any], at: str) -> str:
    found = plain.get("model_type")
    if found not in ARCHITECTURES:
        cure = f"supported are {', '.join(ARCHITECTURES)} (Qwen2.5 is of type qwen2)"
        if "architecture" in plain and "mapping" in plain:
            cure = "this is a TensorRT-LLM checkpoint: give the Hugging Face folder it was made from"
        raise ParityError(f"{at}: model_type {found!r} is not supported", cure=cure)
    return str(found)


def _architecture(keys: ConsumedKeys, qwen_type: str) -> str:
    keys.ignore({"model_type": "read before"})
    keys.expect("architectures", [ARCHITECTURES[qwen_type]], why=f"only {ARCHITECTURES[qwen_type]} is built")
    return ARCHITECTURES[qwen_type]


def _head_size(keys: ConsumedKeys) -> int:
    if "head_dim" in keys:
        return keys.take("head_dim", int)
    # Qwen2's own rule in transformers: no default of the class, but hidden size over heads.
    hidden, heads = keys.take("hidden_size", int), keys.take("num_attention_heads", int)
    if heads <= 0 or hidden % heads:
        keys.refuse(f"hidden_size {hidden} is no multiple of num_attention_heads {heads}, and head_dim is missing")
    return hidden // max(heads, 1)


def _attention_bias(keys: ConsumedKeys, qwen_type: str) -> bool:
    if qwen_type == "qwen2":
        keys.expect(
            "attention_bias", True, why="Qwen2 has biases on q, k and v in transformers, whatever this key says"
        )
        return True
    keys.expect("attention_bias", False, why="Qwen3 with biases has one on o_proj too, which is not built")
    return False


def _rotary_base(keys: ConsumedKeys, at: str) -> float:
    """theta, from `rope_parameters` (transformers 5) or `rope_theta` and `rope_scaling` (transformers 4)."""
    bases = set()
    if keys.take_optional("rope_parameters") is not None:
        bases.add(_default_rope(keys.take_optional("rope_parameters"), keys, at))
    if "rope_theta" in keys:
        bases.add(keys.take("rope_theta", float))
    keys.expect("rope_scaling", None, {"rope_type": "default"}, {"type": "default"}, why="rope scaling is not built")
    if not bases:
        raise ParityError(
            f"{at}: missing keys: rope_parameters or rope_theta (transformers would take 1e4, TensorRT-LLM 1e5)",
            cure='add "rope_theta" or "rope_parameters" to config.json; no default is assumed',
        )
    if len(bases) > 1:
        raise ParityError(f"{at}: rope_parameters and rope_theta disagree: {sorted(bases)}", cure="remove one of them")
    return bases.pop()


def _default_rope(parameters: Any, keys: ConsumedKeys, at: str) -> float:
    if not isinstance(parameters, dict):
        raise ParityError(f"{at}: rope_parameters: expected an object, found {parameters!r}")
    rope = ConsumedKeys(parameters, at=f"{at}: rope_parameters")
    kind = rope.take_optional("rope_type") or rope.take_optional("type")
    if kind != "default":
        keys.refuse(f"rope_type = {kind!r}: only the default rotary embedding is built")
        return rope.take("rope_theta", float)
    rope.ignore({"type": "transformers 4's name of rope_type"})
    rope.expect("partial_rotary_factor", None, 1.0, why="only whole heads are rotated")
    base = rope.take("rope_theta", float)
    rope.finish()
    return base


def _refuse_sliding_window(keys: ConsumedKeys, layers: int) -> None:
    """Refuse the configurations in which transformers makes at least one layer's attention a sliding window."""
    use, window = keys.take_optional("use_sliding_window"), keys.take_optional("sliding_window")
    first, types = keys.take_optional("max_window_layers"), keys.take_optional("layer_types")
    if types is not None:
        if others := sorted({str(kind) for kind in types} - {"full_attention"}):
            keys.refuse(f"layer_types holds {', '.join(others)}: only full_attention is built")
    elif use and window is not None and (first is None or first < layers):
        keys.refuse(f"use_sliding_window = true with sliding_window = {window}: sliding windows are not built")
