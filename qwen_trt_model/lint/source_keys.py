"""Reading the config.json of Qwen-1, Qwen2 and Qwen3 without refusing anything but other models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from parity.errors import ParityError
from qwen_trt_model.configuration import ARCHITECTURES, QwenConfig, check_sizes
from qwen_trt_model.consumed_keys import ConsumedKeys, read_config_json
from qwen_trt_model.huggingface_config import KEYS_WITHOUT_EFFECT
from qwen_trt_model.lint.rope_scaling import parse_rope_scaling
from qwen_trt_model.lint.source import SourceKeys

__all__ = ["read_source_keys"]

_REQUIRED = {
    "vocab_size": "decides the rows of embedding and head",
    "hidden_size": "decides every shape",
    "intermediate_size": "decides the rows of the MLP",
    "num_hidden_layers": "decides how many layers there are",
    "num_attention_heads": "decides the rows of q",
}
_EPSILON = {"qwen": "layer_norm_epsilon"}
_OF_QWEN1 = {
    "attn_dropout_prob": "off in inference",
    "emb_dropout_prob": "off in inference",
    "bf16": "the safetensors files say what the weights are stored in",
    "fp16": "the safetensors files say what the weights are stored in",
    "fp32": "the safetensors files say what the weights are stored in",
    "auto_map": "where the remote code lies",
    "no_bias": "no layer but c_attn has a bias, as the stored tensors show",
    "onnx_safe": "changes how it is exported",
    "scale_attn_weights": "scores are divided by the root of the head size",
    "softmax_in_fp32": "changes a rounding of the reference",
    "use_cache_kernel": "changes speed",
    "use_cache_quantization": "quantises the reference's cache, which has no place in a reference",
    "use_flash_attn": "changes speed",
}
_KNOWN = {"model_type": "read before", "architectures": "follows from model_type", **KEYS_WITHOUT_EFFECT, **_OF_QWEN1}


def read_source_keys(folder: Path) -> SourceKeys:
    """Read `folder`/config.json.

    Raises:
        ParityError: it is no dense Qwen-1, Qwen2 or Qwen3, a key that decides shapes is missing, or one has a value of
            another type.
    """
    plain = read_config_json(folder)
    at = str(folder / "config.json")
    model_type = _model_type(plain, at)
    keys = ConsumedKeys(plain, at=at)
    keys.require(_REQUIRED)
    rope = keys.take_optional("rope_parameters") or keys.take_optional("rope_scaling")
    rotary_key, rotary_base = _rotary_base(keys, rope, model_type)
    intermediate = keys.take("intermediate_size", int)
    network = check_sizes(_network(keys, model_type, rotary_base, intermediate, at), at=at)
    window = _sliding_window(keys, network.num_hidden_layers)
    found = SourceKeys(
        network=network,
        model_type=model_type,
        intermediate_size=intermediate,
        hidden_act=_optional(keys, "hidden_act", "silu"),
        rotary_key=rotary_key,
        rope_scaling=parse_rope_scaling(rope),
        rotary_part=float(_rotary_part(keys, rope)),
        dynamic_ntk=bool(keys.take_optional("use_dynamic_ntk")),
        logn=bool(keys.take_optional("use_logn_attn")),
        seq_length=_optional(keys, "seq_length", 8192),
        sliding_window=window,
    )
    keys.ignore(_KNOWN)
    return replace(found, read=len(plain) - len(keys.left), unread=keys.left)


def _model_type(plain: dict[str, Any], at: str) -> str:
    found = plain.get("model_type")
    if found in ("qwen", *ARCHITECTURES):
        return str(found)
    cure = "dense Qwen-1 (qwen), Qwen2, Qwen2.5 (qwen2) and Qwen3 (qwen3) are known"
    if "architecture" in plain:
        cure = "this is a TensorRT-LLM checkpoint: give the Hugging Face folder first, then the checkpoint"
    raise ParityError(f"{at}: model_type {found!r} is not known to this check", cure=cure)


def _network(keys: ConsumedKeys, model_type: str, base: float, intermediate: int, at: str) -> QwenConfig:
    kind = "qwen3" if model_type == "qwen3" else "qwen2"
    heads, hidden = keys.take("num_attention_heads", int), keys.take("hidden_size", int)
    if heads <= 0:
        raise ParityError(f"{at}: num_attention_heads = {heads} is not positive", cure="copy or download it again")
    head_size = _optional(keys, "kv_channels", None) or _optional(keys, "head_dim", None)
    return QwenConfig(
        architecture=ARCHITECTURES[kind],
        qwen_type=kind,
        dtype="float32",
        vocab_size=keys.take("vocab_size", int),
        hidden_size=hidden,
        num_hidden_layers=keys.take("num_hidden_layers", int),
        num_attention_heads=heads,
        num_key_value_heads=_optional(keys, "num_key_value_heads", heads),
        head_size=head_size or (128 if kind == "qwen3" else hidden // heads),
        intermediate_size=intermediate // 2 if model_type == "qwen" else intermediate,
        norm_epsilon=float(_optional(keys, _EPSILON.get(model_type, "rms_norm_eps"), 1e-6)),
        max_position_embeddings=_optional(keys, "max_position_embeddings", 32768),
        rotary_base=base,
        attn_bias=_attention_bias(keys, model_type),
        tie_word_embeddings=bool(keys.take_optional("tie_word_embeddings")),
    )


def _optional(keys: ConsumedKeys, key: str, default: Any) -> Any:
    """The value of a key, or what transformers takes where it is missing."""
    value = keys.take_optional(key)
    return default if value is None else value


def _attention_bias(keys: ConsumedKeys, model_type: str) -> bool:
    """Qwen-1 and Qwen2 have biases on q, k and v whatever their configuration says."""
    stated = keys.take_optional("attention_bias")
    return bool(stated) if model_type == "qwen3" else True


def _rotary_base(keys: ConsumedKeys, rope: Any, model_type: str) -> tuple[str, float]:
    """The key that gives theta, and its value; 1e4 is what transformers takes where there is none."""
    theta, base = keys.take_optional("rope_theta"), keys.take_optional("rotary_emb_base")
    if model_type == "qwen":
        return "rotary_emb_base", float(base or 1e4)
    if isinstance(rope, dict) and rope.get("rope_theta") is not None:
        return "rope_parameters.rope_theta", float(rope["rope_theta"])
    return "rope_theta", float(theta or 1e4)


def _rotary_part(keys: ConsumedKeys, rope: Any) -> float:
    """The rotated part of each head."""
    stated = [keys.take_optional(key) for key in ("rotary_pct", "partial_rotary_factor")]
    stated += [rope.get("partial_rotary_factor")] if isinstance(rope, dict) else []
    return next((float(value) for value in stated if value is not None), 1.0)


def _sliding_window(keys: ConsumedKeys, layers: int) -> int | None:
    """The window of those layers that have one, by the rule of transformers; None where no layer has."""
    use, window = keys.take_optional("use_sliding_window"), keys.take_optional("sliding_window")
    first, types = keys.take_optional("max_window_layers"), keys.take_optional("layer_types")
    if window is None:
        return None
    slides = "sliding_attention" in types if types is not None else bool(use) and (first is None or first < layers)
    return int(window) if slides else None
