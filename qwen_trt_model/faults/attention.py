"""Group C: attention."""

from __future__ import annotations

from dataclasses import replace

import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault
from qwen_trt_model.graph.attention import scaled_scores
from qwen_trt_model.graph.attention_mask import causal_mask, real_keys, token_grid
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.rms_norm import rms_norm

__all__ = ["ATTENTION_FAULTS", "WINDOW"]

WINDOW = 16
"""Tokens that the window of C05 spans."""


def _unscaled(g: GraphBuilder, q: ir.Value, k: ir.Value, /) -> ir.Value:
    return scaled_scores(g, q, k, scale=1.0)


def _scaled_by_hidden_over_heads(g: GraphBuilder, q: ir.Value, k: ir.Value, /) -> ir.Value:
    return scaled_scores(g, q, k, scale=_hidden_over_heads(g.config) ** -0.5)


def _next_token_visible(g: GraphBuilder, attention_mask: ir.Value, /) -> ir.Value:
    keys, queries = token_grid(g, attention_mask)
    next_query = g.op("Add", queries, g.constant(1, "int64"))
    not_later = g.op("LessOrEqual", keys, next_query, dtype=ir.DataType.BOOL)  # [token, key]
    return g.op("And", _bidirectional(g, attention_mask), not_later)


def _bidirectional(g: GraphBuilder, attention_mask: ir.Value, /) -> ir.Value:
    keys, queries = token_grid(g, attention_mask)
    itself = g.op("Equal", keys, queries, dtype=ir.DataType.BOOL)
    return g.op("Or", real_keys(g, attention_mask), itself)


def _windowed(g: GraphBuilder, attention_mask: ir.Value, /) -> ir.Value:
    keys, queries = token_grid(g, attention_mask)
    oldest = g.op("Sub", queries, g.constant(WINDOW, "int64"))
    return g.op("And", causal_mask(g, attention_mask), g.op("Greater", keys, oldest, dtype=ir.DataType.BOOL))


def _without_head_norms(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
    return x if module.endswith(("q_layernorm", "k_layernorm")) else rms_norm(g, x, module=module)


def _hidden_over_heads(config: QwenConfig) -> float:
    return config.hidden_size / config.num_attention_heads


def _needs_own_head_size(config: QwenConfig) -> str:
    own = config.head_size != _hidden_over_heads(config)
    return "" if own else f"hidden_size / num_attention_heads is head_size, {config.head_size}"


def _needs_head_norms(config: QwenConfig) -> str:
    return "" if config.qk_norm else "the model has no norms on q and k"


ATTENTION_FAULTS = (
    Fault(
        "C01",
        "scale-wrong-head-dim",
        "Scores are scaled by hidden_size / heads instead of head_dim.",
        "attn_ctx",
        lambda ops: replace(ops, scores=_scaled_by_hidden_over_heads),
        hidden_tap="scores",
        obstacle=_needs_own_head_size,
    ),
    Fault(
        "C02",
        "scale-missing",
        "Scores are not divided by the root of head_dim.",
        "attn_ctx",
        lambda ops: replace(ops, scores=_unscaled),
        hidden_tap="scores",
    ),
    Fault(
        "C03",
        "mask-off-by-one",
        "Every token sees the one after it.",
        "attn_ctx",
        lambda ops: replace(ops, mask=_next_token_visible),
        hidden_tap="probs",
    ),
    Fault(
        "C04",
        "mask-none",
        "Every token sees all others, before and after it.",
        "attn_ctx",
        lambda ops: replace(ops, mask=_bidirectional),
        hidden_tap="probs",
    ),
    Fault(
        "C05",
        "sliding-window-on",
        f"Every token sees itself and the {WINDOW - 1} before it, which shorter prompts do not show.",
        "attn_ctx",
        lambda ops: replace(ops, mask=_windowed),
        hidden_tap="probs",
    ),
    Fault(
        "C09",
        "qk-norm-missing",
        "Queries and keys are not normalised.",
        "q_norm",
        lambda ops: replace(ops, rms_norm=_without_head_norms),
        obstacle=_needs_head_norms,
    ),
)
