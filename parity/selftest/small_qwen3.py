"""A small Qwen3 of random weights, for faults that the bundled Qwen2 can't have: head norms, a head size of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

__all__ = ["save_small_qwen3"]

_HIDDEN, _HEADS, _KEY_HEADS, _HEAD, _WIDE, _LAYERS = 96, 4, 2, 32, 160, 3

_Floats = npt.NDArray[np.float64]


def save_small_qwen3(folder: Path, *, vocabulary: int, positions: int) -> Path:
    """Write config.json and model.safetensors of three layers into `folder`, stored in bf16.

    Random weights hide bugs, so norm weights are far from one, embeddings are small, and a few channels are loud.

    Args:
        folder: to make.
        vocabulary: number of tokens.
        positions: how many a prompt may have.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(_config(vocabulary, positions), indent=1))
    tensors = {name: np.ascontiguousarray(x).astype(ml_dtypes.bfloat16) for name, x in _weights(vocabulary).items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def _config(vocabulary: int, positions: int) -> dict[str, Any]:
    return {
        "architectures": ["Qwen3ForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": None,
        "dtype": "bfloat16",
        "eos_token_id": 0,
        "head_dim": _HEAD,
        "hidden_act": "silu",
        "hidden_size": _HIDDEN,
        "initializer_range": 0.02,
        "intermediate_size": _WIDE,
        "max_position_embeddings": positions,
        "max_window_layers": _LAYERS,
        "model_type": "qwen3",
        "num_attention_heads": _HEADS,
        "num_hidden_layers": _LAYERS,
        "num_key_value_heads": _KEY_HEADS,
        "pad_token_id": 0,
        "rms_norm_eps": 1e-06,
        "rope_parameters": {"rope_theta": 1e6, "rope_type": "default"},
        "sliding_window": None,
        "tie_word_embeddings": True,
        "use_cache": True,
        "use_sliding_window": False,
        "vocab_size": vocabulary,
    }


def _weights(vocabulary: int) -> dict[str, _Floats]:
    rng = np.random.default_rng(3)

    def matrix(rows: int, columns: int) -> _Floats:
        return np.asarray(rng.standard_normal((rows, columns)) / columns**0.5)

    def norm(size: int) -> _Floats:
        return rng.lognormal(0, 0.5, size)

    embedding = 0.05 * rng.standard_normal((vocabulary, _HIDDEN))
    embedding[:, [5, 40]] *= 20
    weights = {"model.embed_tokens.weight": embedding, "model.norm.weight": norm(_HIDDEN)}
    for layer in range(_LAYERS):
        at = f"model.layers.{layer}."
        weights |= {
            f"{at}input_layernorm.weight": norm(_HIDDEN),
            f"{at}post_attention_layernorm.weight": norm(_HIDDEN),
            f"{at}self_attn.q_proj.weight": matrix(_HEADS * _HEAD, _HIDDEN),
            f"{at}self_attn.k_proj.weight": matrix(_KEY_HEADS * _HEAD, _HIDDEN),
            f"{at}self_attn.v_proj.weight": matrix(_KEY_HEADS * _HEAD, _HIDDEN),
            f"{at}self_attn.q_norm.weight": norm(_HEAD),
            f"{at}self_attn.k_norm.weight": norm(_HEAD),
            f"{at}self_attn.o_proj.weight": matrix(_HIDDEN, _HEADS * _HEAD),
            f"{at}mlp.gate_proj.weight": matrix(_WIDE, _HIDDEN),
            f"{at}mlp.up_proj.weight": matrix(_WIDE, _HIDDEN),
            f"{at}mlp.down_proj.weight": matrix(_HIDDEN, _WIDE),
        }
    return weights
