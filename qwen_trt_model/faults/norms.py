"""Group D: norms and activation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault, Size, only
from qwen_trt_model.faults.rounding import rounded
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops
from qwen_trt_model.graph.rms_norm import normalize

__all__ = ["NORM_FAULTS"]


def _other_epsilon(epsilon: float) -> Callable[[Ops], Ops]:
    def norm(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
        return g.op("Mul", normalize(g, x, epsilon=epsilon), g.weight(f"{module}.weight"))

    return lambda ops: replace(ops, rms_norm=norm)


def _draw_epsilon(rng: np.random.Generator, config: QwenConfig) -> Size:
    while True:
        epsilon = float(f"{np.exp(rng.uniform(np.log(1e-7), np.log(1e-2))):.2g}")
        if abs(np.log(epsilon / config.norm_epsilon)) > 0.5:
            return Size(f"{epsilon:g}", _other_epsilon(epsilon))


def _epsilon_outside(epsilon: float) -> Callable[[Ops], Ops]:
    """``x / (sqrt(mean(x²)) + epsilon)``."""

    def norm(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
        wide = g.cast(x, ir.DataType.FLOAT)
        mean_square = g.op("ReduceMean", g.op("Mul", wide, wide), axes=[-1], keepdims=1)
        root = g.op("Add", g.op("Sqrt", mean_square), g.constant(epsilon, "float32"))
        return _weighted(g, g.op("Div", wide, root), module)

    return lambda ops: replace(ops, rms_norm=norm)


def _draw_epsilon_outside(rng: np.random.Generator, config: QwenConfig) -> Size:
    epsilon = float(f"{np.exp(rng.uniform(np.log(1e-6), np.log(1e-2))):.2g}")
    return Size(f"{epsilon:g}", _epsilon_outside(epsilon))


def _without_weight(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
    return normalize(g, x, epsilon=g.config.norm_epsilon)


def _zero_centred_weight(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
    weight = g.op("Add", g.weight(f"{module}.weight"), g.constant(1.0, g.config.dtype))
    return g.op("Mul", normalize(g, x, epsilon=g.config.norm_epsilon), weight)


def _layer_norm(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
    wide = g.cast(x, ir.DataType.FLOAT)
    centred = g.op("Sub", wide, g.op("ReduceMean", wide, axes=[-1], keepdims=1))
    return _weighted(g, normalize(g, centred, epsilon=g.config.norm_epsilon), module)


def _rounded_variance(name: str) -> Callable[[Ops], Ops]:
    """The mean square is kept in 16 bits."""

    def norm(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
        wide = g.cast(x, ir.DataType.FLOAT)
        mean_square = rounded(g, g.op("ReduceMean", g.op("Mul", wide, wide), axes=[-1], keepdims=1), name)
        root = g.op("Sqrt", g.op("Add", mean_square, g.constant(g.config.norm_epsilon, "float32")))
        return _weighted(g, g.op("Div", wide, root), module)

    return lambda ops: replace(ops, rms_norm=norm)


def _other_weight(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
    stem, _, name = module.rpartition(".")
    other = {"input_layernorm": "post_layernorm", "post_layernorm": "input_layernorm"}.get(name, name)
    return g.op("Mul", normalize(g, x, epsilon=g.config.norm_epsilon), g.weight(f"{stem}.{other}.weight"))


def _weighted(g: GraphBuilder, normed: ir.Value, module: str) -> ir.Value:
    return g.op("Mul", g.cast(normed, g.dtype), g.weight(f"{module}.weight"))


def _needs_other_epsilon(config: QwenConfig) -> str:
    return "the model's own epsilon is 1e-05" if config.norm_epsilon == 1e-5 else ""


NORM_FAULTS = (
    Fault(
        "D01",
        "eps-1e-5",
        "Norms add another epsilon to the mean square, 1e-5 by TensorRT-LLM's default.",
        "input_norm",
        ("norm_epsilon",),
        tuple(Size(f"{epsilon:g}", _other_epsilon(epsilon)) for epsilon in (1e-5, 1e-4, 1e-3)),
        obstacle=_needs_other_epsilon,
        draw=_draw_epsilon,
    ),
    Fault(
        "D02",
        "eps-outside-the-root",
        "Norms add epsilon to the root of the mean square.",
        "input_norm",
        ("norm_epsilon_place",),
        (Size("1e-4", _epsilon_outside(1e-4)),),
        draw=_draw_epsilon_outside,
    ),
    Fault(
        "D03",
        "norm-weight-missing",
        "Norms lack their weight.",
        "input_norm",
        ("norm_weight_missing",),
        only(lambda ops: replace(ops, rms_norm=_without_weight)),
    ),
    Fault(
        "D04",
        "zero-centred-weight",
        "Norms multiply by 1 + weight, as Gemma and Qwen3-Next do.",
        "input_norm",
        ("norm_weight_plus_one",),
        only(lambda ops: replace(ops, rms_norm=_zero_centred_weight)),
    ),
    Fault(
        "D05",
        "layer-norm",
        "Norms subtract the mean, as LayerNorm does.",
        "input_norm",
        ("norm_mean_subtracted",),
        only(lambda ops: replace(ops, rms_norm=_layer_norm)),
    ),
    Fault(
        "D06",
        "variance-in-bf16",
        "Norms keep the mean square in 16 bits.",
        "input_norm",
        ("norm_rounded",),
        (Size("bf16", _rounded_variance("bf16")),),
    ),
    Fault(
        "D12",
        "norm-weights-exchanged",
        "The norms before attention and MLP have each other's weight.",
        "input_norm",
        ("norm_weight_of_another_tap",),
        only(lambda ops: replace(ops, rms_norm=_other_weight)),
    ),
)
