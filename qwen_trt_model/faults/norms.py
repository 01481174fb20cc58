"""Group D: norms and activation."""

from __future__ import annotations

from dataclasses import replace

import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.rms_norm import normalize

__all__ = ["NORM_FAULTS"]

_DEFAULT_EPSILON = 1e-5


def _default_epsilon(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
    return g.op("Mul", normalize(g, x, epsilon=_DEFAULT_EPSILON), g.weight(f"{module}.weight"))


def _zero_centred_weight(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
    weight = g.op("Add", g.weight(f"{module}.weight"), g.constant(1.0, g.config.dtype))
    return g.op("Mul", normalize(g, x, epsilon=g.config.norm_epsilon), weight)


def _gelu_mul(g: GraphBuilder, gate: ir.Value, up: ir.Value, /) -> ir.Value:
    """``gate / 2 * (1 + erf(gate / sqrt(2))) * up``."""
    wide = g.cast(gate, ir.DataType.FLOAT)
    error_function = g.op("Erf", g.op("Mul", wide, g.constant(0.5**0.5, "float32")))
    share = g.op("Mul", g.op("Add", error_function, g.constant(1.0, "float32")), g.constant(0.5, "float32"))
    return g.op("Mul", g.cast(g.op("Mul", wide, share), g.dtype), up)


def _needs_other_epsilon(config: QwenConfig) -> str:
    return f"the model's own epsilon is {_DEFAULT_EPSILON}" if config.norm_epsilon == _DEFAULT_EPSILON else ""


NORM_FAULTS = (
    Fault(
        "D01",
        "eps-1e-5",
        "Norms add 1e-5, TensorRT-LLM's default, to the mean square.",
        "input_norm",
        lambda ops: replace(ops, rms_norm=_default_epsilon),
        obstacle=_needs_other_epsilon,
    ),
    Fault(
        "D04",
        "zero-centred-weight",
        "Norms multiply by 1 + weight, as Gemma and Qwen3-Next do.",
        "input_norm",
        lambda ops: replace(ops, rms_norm=_zero_centred_weight),
    ),
    Fault(
        "D07",
        "gelu-for-silu",
        "The gate is activated with GELU.",
        "act",
        lambda ops: replace(ops, gated_activation=_gelu_mul),
    ),
)
