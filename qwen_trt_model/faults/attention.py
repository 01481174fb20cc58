"""Group C: scores, scale, heads and norms of heads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault, Size, only
from qwen_trt_model.graph.attention import scaled_scores, weighted_values
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops
from qwen_trt_model.graph.rms_norm import rms_norm
from qwen_trt_model.graph.rotary import RotaryTable, rotary_table, rotate

__all__ = ["ATTENTION_FAULTS"]


def _scaled_by(scale: Callable[[QwenConfig], float]) -> Callable[[Ops], Ops]:
    def scores(g: GraphBuilder, q: ir.Value, k: ir.Value, /) -> ir.Value:
        return scaled_scores(g, q, k, scale=scale(g.config))

    return lambda ops: replace(ops, scores=scores)


def _times(factor: float) -> Callable[[Ops], Ops]:
    return _scaled_by(lambda config: factor * config.head_size**-0.5)


def _draw_scale(rng: np.random.Generator, config: QwenConfig) -> Size:
    factor = float(rng.choice([rng.uniform(0.3, 0.97), rng.uniform(1.03, 3)]))
    return Size(f"× {factor:.4g}", _times(factor))


def _regrouped(heads: Callable[[QwenConfig], list[int]]) -> Callable[[Ops], Ops]:
    """Each query head reads the key and value head that `heads` names."""

    def picked(g: GraphBuilder, x: ir.Value) -> ir.Value:
        return g.op("Gather", x, g.constant(heads(g.config), "int64"), axis=2)

    def scores(g: GraphBuilder, q: ir.Value, k: ir.Value, /) -> ir.Value:
        return _scores_of_every_head(g, q, picked(g, k))

    def values(g: GraphBuilder, probs: ir.Value, v: ir.Value, /) -> ir.Value:
        return _values_of_every_head(g, probs, picked(g, v))

    return lambda ops: replace(ops, scores=scores, weighted_values=values)


def _scores_of_every_head(g: GraphBuilder, q: ir.Value, k: ir.Value) -> ir.Value:
    """As `scaled_scores`, for as many key heads as query heads."""
    queries = g.op("Transpose", g.cast(q, ir.DataType.FLOAT), perm=[0, 2, 1, 3])  # [batch, head, token, head_dim]
    keys = g.op("Transpose", g.cast(k, ir.DataType.FLOAT), perm=[0, 2, 3, 1])  # [batch, head, head_dim, key]
    return g.op("Mul", g.op("MatMul", queries, keys), g.constant(g.config.head_size**-0.5, "float32"))


def _values_of_every_head(g: GraphBuilder, probs: ir.Value, v: ir.Value) -> ir.Value:
    context = g.op("MatMul", probs, g.op("Transpose", v, perm=[0, 2, 1, 3]))  # [batch, head, token, head_dim]
    return g.op("Transpose", context, perm=[0, 2, 1, 3])


def _round_robin(config: QwenConfig) -> list[int]:
    """Query head h reads key head h mod n: heads tiled instead of repeated."""
    return [head % config.num_key_value_heads for head in range(config.num_attention_heads)]


def _draw_grouping(rng: np.random.Generator, config: QwenConfig) -> Size:
    group = config.num_attention_heads // config.num_key_value_heads
    usual = np.arange(config.num_attention_heads) // group
    chosen = usual
    while (chosen == usual).all():
        chosen = rng.integers(config.num_key_value_heads, size=config.num_attention_heads)
    heads = [int(head) for head in chosen]
    return Size(f"key heads {' '.join(map(str, heads))}", _regrouped(lambda config: heads))


def _other_value_heads(g: GraphBuilder, probs: ir.Value, v: ir.Value, /) -> ir.Value:
    order = np.roll(np.arange(g.config.num_key_value_heads), 1)
    return weighted_values(g, probs, g.op("Gather", v, g.constant(order, "int64"), axis=2))


def _capped(cap: float) -> Callable[[Ops], Ops]:
    """``cap · tanh(scores / cap)``."""

    def scores(g: GraphBuilder, q: ir.Value, k: ir.Value, /) -> ir.Value:
        small = g.op("Mul", scaled_scores(g, q, k), g.constant(1 / cap, "float32"))
        return g.op("Mul", g.op("Tanh", small), g.constant(cap, "float32"))

    return lambda ops: replace(ops, scores=scores)


def _draw_cap(rng: np.random.Generator, config: QwenConfig) -> Size:
    cap = float(f"{np.exp(rng.uniform(np.log(5), np.log(60))):.3g}")
    return Size(f"cap {cap:g}", _capped(cap))


def _without_head_norms(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
    return g.op("Identity", x) if _is_head_norm(module) else rms_norm(g, x, module=module)


def _is_head_norm(module: str) -> bool:
    return module.endswith(("q_layernorm", "k_layernorm"))


def _norm_after_rotary(ops: Ops) -> Ops:
    """What is called q_norm is the norm of rotated queries, and attention reads it as it is."""

    def norm(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
        if not _is_head_norm(module):
            return ops.rms_norm(g, x, module=module)
        return rms_norm(g, rotate(g, x, rotary_table(g, g.given("position_ids")), which=""), module=module)

    def turn(g: GraphBuilder, x: ir.Value, table: RotaryTable, /, *, which: str) -> ir.Value:
        return g.op("Identity", x)

    return replace(ops, rms_norm=norm, rotate=turn)


def _keys_scaled_before_their_norm(ops: Ops) -> Ops:
    def split(g: GraphBuilder, qkv: ir.Value, /) -> tuple[ir.Value, ir.Value, ir.Value]:
        q, k, v = ops.split_qkv(g, qkv)
        return q, g.op("Mul", k, g.constant(2.0, g.config.dtype)), v

    return replace(ops, split_qkv=split)


def _hidden_over_heads(config: QwenConfig) -> float:
    return config.hidden_size / config.num_attention_heads


def _needs_own_head_size(config: QwenConfig) -> str:
    own = config.head_size != _hidden_over_heads(config)
    return "" if own else f"hidden_size / num_attention_heads is head_size, {config.head_size}"


def _needs_head_norms(config: QwenConfig) -> str:
    return "" if config.qk_norm else "the model has no norms on q and k"


def _needs_groups(config: QwenConfig) -> str:
    several = 1 < config.num_key_value_heads < config.num_attention_heads
    return "" if several else "the model has no groups of several key heads"


ATTENTION_FAULTS = (
    Fault(
        "C01",
        "scale-wrong-head-dim",
        "Scores are scaled by hidden_size / heads instead of head_dim.",
        "attn_ctx",
        ("attention_scale",),
        only(_scaled_by(lambda config: _hidden_over_heads(config) ** -0.5)),
        hidden_tap="scores",
        obstacle=_needs_own_head_size,
    ),
    Fault(
        "C02",
        "scale-missing",
        "Scores are not divided by the root of head_dim, or by another number.",
        "attn_ctx",
        ("attention_scale",),
        (
            Size("not scaled", _scaled_by(lambda config: 1.0)),
            Size("× 1.01", _times(1.01)),
            Size("× 1.1", _times(1.1)),
            Size("× 8", _times(8)),
            Size("1 / head_dim", _scaled_by(lambda config: 1 / config.head_size)),
        ),
        hidden_tap="scores",
        draw=_draw_scale,
    ),
    Fault(
        "C06",
        "heads-grouped-wrongly",
        "Query heads read other key and value heads than theirs.",
        "attn_ctx",
        ("head_grouping",),
        (Size("tiled instead of repeated", _regrouped(_round_robin)),),
        hidden_tap="scores",
        obstacle=_needs_groups,
        draw=_draw_grouping,
    ),
    Fault(
        "C08",
        "scores-capped",
        "Scores are capped smoothly, as Gemma 2 wants it.",
        "attn_ctx",
        ("score_cap",),
        (Size("cap 50", _capped(50.0)),),
        hidden_tap="scores",
        draw=_draw_cap,
    ),
    Fault(
        "C09",
        "qk-norm-missing",
        "Queries and keys are not normalised.",
        "q_norm",
        ("norm_skipped",),
        only(lambda ops: replace(ops, rms_norm=_without_head_norms)),
        obstacle=_needs_head_norms,
    ),
    Fault(
        "C10",
        "qk-norm-after-rope",
        "Queries and keys are rotated first and normalised then.",
        "q_norm",
        ("norm_after_rotary",),
        only(_norm_after_rotary),
        obstacle=_needs_head_norms,
    ),
    Fault(
        "C11",
        "values-of-the-other-head",
        "Query heads read the keys of their head and the values of another.",
        "attn_ctx",
        ("value_heads",),
        only(lambda ops: replace(ops, weighted_values=_other_value_heads)),
        obstacle=_needs_groups,
    ),
    Fault(
        "C13",
        "k-scaled-before-k-norm",
        "Keys are doubled before their norm, which takes the factor out again.",
        "k",
        (),
        only(_keys_scaled_before_their_norm),
        harmless=True,
        obstacle=_needs_head_norms,
    ),
)
