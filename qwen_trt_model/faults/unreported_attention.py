"""Group X, attention: what nobody has reported yet, to judge causes by faults that were not asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from qwen_trt_model.faults.drawn import uniform
from qwen_trt_model.faults.fault import Fault, Size
from qwen_trt_model.graph.attention import scaled_scores
from qwen_trt_model.graph.attention_mask import token_grid
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops

__all__ = ["UNREPORTED_ATTENTION_FAULTS"]


def _leaky_mask(value: float) -> Callable[[Ops], Ops]:
    """Keys that must not be seen get `value` added to their scores."""

    def softmax(g: GraphBuilder, scores: ir.Value, mask: ir.Value, /) -> ir.Value:
        added = g.op("Add", scores, g.constant(value, "float32"))
        masked = g.op("Where", mask, scores, added, dtype=ir.DataType.FLOAT)
        return g.cast(g.op("Softmax", masked, axis=-1), g.dtype)

    return lambda ops: replace(ops, softmax=softmax)


def _with_distance(slope: float) -> Callable[[Ops], Ops]:
    """Scores minus `slope` for each place between query and key, the same in every head."""

    def scores(g: GraphBuilder, q: ir.Value, k: ir.Value, /) -> ir.Value:
        keys, queries = token_grid(g, g.given("attention_mask"))
        distance = g.cast(g.op("Sub", queries, keys), ir.DataType.FLOAT)  # [token, key]
        return g.op("Sub", scaled_scores(g, q, k), g.op("Mul", distance, g.constant(slope, "float32")))

    return lambda ops: replace(ops, scores=scores)


def _with_sink(logit: float) -> Callable[[Ops], Ops]:
    """One more key that has no value."""

    def softmax(g: GraphBuilder, scores: ir.Value, mask: ir.Value, /) -> ir.Value:
        lowest = g.constant(float(np.finfo(np.float32).min), "float32")
        masked = g.op("Where", mask, scores, lowest, dtype=ir.DataType.FLOAT)
        highest = g.op("ReduceMax", masked, axes=[-1], keepdims=1)
        highest = g.op("Max", highest, g.constant(logit, "float32"))
        powers = g.op("Exp", g.op("Sub", masked, highest))
        total = g.op("ReduceSum", powers, g.constant([-1], "int64"), keepdims=1)
        sink = g.op("Exp", g.op("Sub", g.constant(logit, "float32"), highest))
        return g.cast(g.op("Div", powers, g.op("Add", total, sink)), g.dtype)

    return lambda ops: replace(ops, softmax=softmax)


def _leak(value: float) -> Size:
    return Size(f"{value:g}", _leaky_mask(value))


def _slope(value: float) -> Size:
    return Size(f"slope {value:g}", _with_distance(value))


def _sink(value: float) -> Size:
    return Size(f"logit {value:g}", _with_sink(value))


UNREPORTED_ATTENTION_FAULTS = (
    Fault(
        "X01",
        "leaky-mask",
        "Masked keys get a finite number instead of minus infinity.",
        "attn_ctx",
        ("mask_value",),
        (_leak(-8.0),),
        hidden_tap="probs",
        draw=uniform(_leak, -16, -2),
    ),
    Fault(
        "X02",
        "distance-in-scores",
        "Scores fall with the distance, as ALiBi has it.",
        "attn_ctx",
        ("score_bias",),
        (_slope(0.05),),
        hidden_tap="scores",
        draw=uniform(_slope, 0.003, 0.5),
    ),
    Fault(
        "X03",
        "attention-sink",
        "Attention gives some of its weight to a key without a value.",
        "attn_ctx",
        ("softmax_sink",),
        (_sink(2.0),),
        hidden_tap="probs",
        draw=uniform(_sink, -2, 12),
    ),
)
