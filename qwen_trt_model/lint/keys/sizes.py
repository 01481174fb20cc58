"""Sizes, with the defaults that fit no Qwen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qwen_trt_model.lint.keys.key import MISSING, Key

__all__ = ["SIZES"]


def _number(config: Mapping[str, Any], key: str) -> int | None:
    value = config.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _four_times(config: Mapping[str, Any]) -> Any:
    hidden = _number(config, "hidden_size")
    return MISSING if hidden is None else 4 * hidden


def _shared_out(config: Mapping[str, Any]) -> Any:
    hidden, heads = _number(config, "hidden_size"), _number(config, "num_attention_heads")
    return MISSING if hidden is None or heads is None else hidden // heads


SIZES = (
    Key("vocab_size", lambda case: case.source.network.vocab_size, lambda config: None, "it is the width of the head"),
    Key("hidden_size", lambda case: case.source.network.hidden_size, lambda config: MISSING, "every shape needs it"),
    Key(
        "num_hidden_layers",
        lambda case: case.source.network.num_hidden_layers,
        lambda config: MISSING,
        "layers beyond it are left out",
    ),
    Key(
        "num_attention_heads",
        lambda case: case.source.network.num_attention_heads,
        lambda config: MISSING,
        "heads are cut by it",
    ),
    Key(
        "num_key_value_heads",
        lambda case: case.source.network.num_key_value_heads,
        lambda config: _number(config, "num_attention_heads"),
        "without it every query head is taken to have keys of its own",
    ),
    Key(
        "head_size",
        lambda case: case.source.network.head_size,
        _shared_out,
        "Qwen3's heads are wider than hidden_size / num_attention_heads, and scores are divided by its root",
    ),
    Key(
        "intermediate_size",
        lambda case: case.source.keys.intermediate_size,
        _four_times,
        "it is the width of the MLP (twice that for a Qwen-1, as Hugging Face has it)",
    ),
    Key(
        "max_position_embeddings",
        lambda case: case.source.network.max_position_embeddings,
        lambda config: None,
        "rotary tables are as long as it is",
        severity="warning",
    ),
)
