"""Group C: attention in 16 bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from qwen_trt_model.faults.fault import Fault, Size
from qwen_trt_model.faults.rounding import rounded
from qwen_trt_model.graph.attention import masked_softmax, scaled_scores
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops

__all__ = ["ATTENTION_PRECISION_FAULTS"]

_LARGEST_FP16 = float(np.finfo(np.float16).max)


def _rounded_scores(name: str) -> Callable[[Ops], Ops]:
    def scores(g: GraphBuilder, q: ir.Value, k: ir.Value, /) -> ir.Value:
        return rounded(g, scaled_scores(g, q, k), name)

    return lambda ops: replace(ops, scores=scores)


def _products_times(factor: float, *, saturate: bool) -> Callable[[Ops], Ops]:
    """``q·k`` times `factor` is kept in fp16 before it is scaled down: it overflows, or stops at 65504."""

    def scores(g: GraphBuilder, q: ir.Value, k: ir.Value, /) -> ir.Value:
        products = scaled_scores(g, q, k, scale=factor)
        if saturate:
            low, high = g.constant(-_LARGEST_FP16, "float32"), g.constant(_LARGEST_FP16, "float32")
            products = g.op("Clip", products, low, high)
        stored = rounded(g, products, "fp16")
        return g.op("Mul", stored, g.constant(g.config.head_size**-0.5 / factor, "float32"))

    return lambda ops: replace(ops, scores=scores)


def _rounded_probabilities(name: str) -> Callable[[Ops], Ops]:
    def softmax(g: GraphBuilder, scores: ir.Value, mask: ir.Value, /) -> ir.Value:
        return rounded(g, masked_softmax(g, scores, mask), name)

    return lambda ops: replace(ops, softmax=softmax)


ATTENTION_PRECISION_FAULTS = (
    Fault(
        "C14",
        "scores-in-fp16",
        "Queries times keys are kept in 16 bits, unscaled, and overflow, stop at the largest number, or are coarse.",
        "attn_ctx",
        ("overflowed", "scores_saturated"),
        (
            Size("overflow", _products_times(64.0, saturate=False)),
            Size("stop at 65504", _products_times(64.0, saturate=True), causes=("scores_saturated",)),
            Size("rounded to fp16", _rounded_scores("fp16"), causes=("scores_rounded",)),
            Size("rounded to bf16", _rounded_scores("bf16"), causes=("scores_rounded",)),
        ),
        hidden_tap="scores",
    ),
    Fault(
        "C15",
        "probabilities-in-16-bits",
        "The probabilities of attention are rounded to a coarser format than the network's.",
        "attn_ctx",
        ("probabilities_rounded",),
        (
            Size("bf16", _rounded_probabilities("bf16")),
            Size("fp16", _rounded_probabilities("fp16"), dtypes=("float32",)),
        ),
        hidden_tap="probs",
    ),
)
