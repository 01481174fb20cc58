"""Group C: attention in 16 bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault, Size
from qwen_trt_model.faults.rounding import beyond, rounded
from qwen_trt_model.graph.attention import masked_softmax, scaled_scores
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops

__all__ = ["ATTENTION_PRECISION_FAULTS"]


def _rounded_scores(name: str) -> Callable[[Ops], Ops]:
    def scores(g: GraphBuilder, q: ir.Value, k: ir.Value, /) -> ir.Value:
        return rounded(g, scaled_scores(g, q, k), name)

    return lambda ops: replace(ops, scores=scores)


def _products_beyond(limit: float, *, saturate: bool) -> Callable[[Ops], Ops]:
    """Unscaled ``q·k`` overflows or stops at a limit: 65504 in fp16, less where something multiplies it before."""

    def scores(g: GraphBuilder, q: ir.Value, k: ir.Value, /) -> ir.Value:
        products = beyond(g, scaled_scores(g, q, k, scale=1.0), limit, saturate=saturate)
        return g.op("Mul", products, g.constant(g.config.head_size**-0.5, "float32"))

    return lambda ops: replace(ops, scores=scores)


def _draw_limit(rng: np.random.Generator, config: QwenConfig) -> Size:
    limit = float(f"{rng.uniform(20, 90):.3g}")
    return Size(
        f"q·k stops at {limit:g}", _products_beyond(limit, saturate=True), causes=("scores_saturated", "score_cap")
    )


def _rounded_probabilities(name: str) -> Callable[[Ops], Ops]:
    def softmax(g: GraphBuilder, scores: ir.Value, mask: ir.Value, /) -> ir.Value:
        return rounded(g, masked_softmax(g, scores, mask), name)

    return lambda ops: replace(ops, softmax=softmax)


ATTENTION_PRECISION_FAULTS = (
    Fault(
        "C14",
        "scores-in-fp16",
        "Queries times keys are kept unscaled in 16 bits, and overflow, stop at the largest number, or are coarse.",
        "attn_ctx",
        ("scores_overflowed",),
        (
            Size("q·k overflows beyond 64", _products_beyond(64.0, saturate=False)),
            Size("q·k stops at 64", _products_beyond(64.0, saturate=True), causes=("scores_saturated", "score_cap")),
            Size("rounded to fp16", _rounded_scores("fp16"), causes=("scores_rounded",)),
            Size("rounded to bf16", _rounded_scores("bf16"), causes=("scores_rounded",)),
        ),
        hidden_tap="scores",
        draw=_draw_limit,
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
