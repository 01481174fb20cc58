"""Group A, wiring: what is left out, or read from the wrong place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault, Size
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops
from qwen_trt_model.graph.rms_norm import rms_norm

__all__ = ["WIRING_FAULTS"]


def _without_final_norm(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
    return x if module == "transformer.ln_f" else rms_norm(g, x, module=module)


def _final_norm_twice(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
    once = rms_norm(g, x, module=module)
    return rms_norm(g, once, module=module) if module == "transformer.ln_f" else once


def _stream_behind_the_norm(g: GraphBuilder, stream: ir.Value, branch: ir.Value, /, *, normed: ir.Value) -> ir.Value:
    return g.op("Add", normed, branch)


def _branch_alone(g: GraphBuilder, stream: ir.Value, branch: ir.Value, /, *, normed: ir.Value) -> ir.Value:
    return g.op("Identity", branch)


def _stream_alone(g: GraphBuilder, stream: ir.Value, branch: ir.Value, /, *, normed: ir.Value) -> ir.Value:
    return g.op("Identity", stream)


def _branch_times(factor: float) -> Callable[[Ops], Ops]:
    def add(g: GraphBuilder, stream: ir.Value, branch: ir.Value, /, *, normed: ir.Value) -> ir.Value:
        return g.op("Add", stream, g.op("Mul", branch, g.constant(factor, g.config.dtype)))

    return lambda ops: replace(ops, add=add)


def _draw_factor(rng: np.random.Generator, config: QwenConfig) -> Size:
    factor = float(rng.choice([-1.0, 2.0, rng.uniform(0.3, 0.95), rng.uniform(1.05, 3)]))
    return Size(f"branch × {factor:.4g}", _branch_times(factor))


WIRING_FAULTS = (
    Fault(
        "A13",
        "final-norm-missing",
        "The head reads the last layer's output without the final norm, or with the norm applied twice.",
        "final_norm",
        ("norm_skipped",),
        (
            Size("left out", lambda ops: replace(ops, rms_norm=_without_final_norm)),
            Size("twice", lambda ops: replace(ops, rms_norm=_final_norm_twice), causes=("norm_repeated",)),
        ),
        one_layer=False,
    ),
    Fault(
        "A19",
        "residual-from-the-wrong-place",
        "The residual is taken behind the norm, or one side of the addition is lost.",
        "resid_mid",
        ("wrong_input",),
        (
            Size("behind the norm", lambda ops: replace(ops, add=_stream_behind_the_norm)),
            Size("no residual", lambda ops: replace(ops, add=_branch_alone), causes=("residual_missing",)),
            Size("no branch", lambda ops: replace(ops, add=_stream_alone), causes=("branch_missing",)),
        ),
    ),
    Fault(
        "A20",
        "branch-scaled",
        "What a block adds to the residual stream is multiplied by a number, as when every rank adds it.",
        "resid_mid",
        ("add_scaled",),
        (Size("branch × 2", _branch_times(2.0)),),
        draw=_draw_factor,
    ),
)
