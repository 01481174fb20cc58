"""Group D: the activation of the gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault, Size
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops

__all__ = ["ACTIVATION_FAULTS"]

_Function = Callable[[GraphBuilder, ir.Value], ir.Value]


def _activated_by(function: _Function) -> Callable[[Ops], Ops]:
    """``function(gate) * up``, the function in fp32."""

    def gated(g: GraphBuilder, gate: ir.Value, up: ir.Value, /) -> ir.Value:
        return g.op("Mul", g.cast(function(g, g.cast(gate, ir.DataType.FLOAT)), g.dtype), up)

    return lambda ops: replace(ops, gated_activation=gated)


def _gelu(g: GraphBuilder, x: ir.Value) -> ir.Value:
    """``x / 2 * (1 + erf(x / sqrt(2)))``."""
    error_function = g.op("Erf", g.op("Mul", x, g.constant(0.5**0.5, "float32")))
    return g.op("Mul", x, _half_of_one_plus(g, error_function))


def _tanh_gelu(g: GraphBuilder, x: ir.Value) -> ir.Value:
    """``x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x³)))``."""
    square = g.op("Mul", x, x)
    bent = g.op("Add", g.op("Mul", square, g.constant(0.044715, "float32")), g.constant(1.0, "float32"))
    inner = g.op("Mul", g.op("Mul", x, bent), g.constant((2 / np.pi) ** 0.5, "float32"))
    return g.op("Mul", x, _half_of_one_plus(g, g.op("Tanh", inner)))


def _relu(g: GraphBuilder, x: ir.Value) -> ir.Value:
    return g.op("Relu", x)


def _sloped(beta: float) -> _Function:
    """``x * sigmoid(beta x)``; GELU's quick form has 1.702."""
    return lambda g, x: g.op("Mul", x, g.op("Sigmoid", g.op("Mul", x, g.constant(beta, "float32"))))


def _half_of_one_plus(g: GraphBuilder, x: ir.Value) -> ir.Value:
    return g.op("Mul", g.op("Add", x, g.constant(1.0, "float32")), g.constant(0.5, "float32"))


def _no_activation(g: GraphBuilder, x: ir.Value) -> ir.Value:
    return x


def _activation_on_up(g: GraphBuilder, gate: ir.Value, up: ir.Value, /) -> ir.Value:
    wide = g.cast(up, ir.DataType.FLOAT)
    return g.op("Mul", g.cast(_sloped(1.0)(g, wide), g.dtype), gate)


def _clamped(limit: float) -> _Function:
    def function(g: GraphBuilder, x: ir.Value) -> ir.Value:
        high = g.op("Min", x, g.constant(limit, "float32"))
        return _sloped(1.0)(g, high)

    return function


def _draw_slope(rng: np.random.Generator, config: QwenConfig) -> Size:
    beta = float(f"{rng.choice([rng.uniform(0.3, 0.97), rng.uniform(1.03, 3)]):.3g}")
    return Size(f"x sigmoid({beta:g} x)", _activated_by(_sloped(beta)), causes=("activation_slope",))


def _draw_clamp(rng: np.random.Generator, config: QwenConfig) -> Size:
    limit = float(f"{rng.uniform(0.5, 3):.3g}")
    return Size(f"gate up to {limit:g}", _activated_by(_clamped(limit)))


ACTIVATION_FAULTS = (
    Fault(
        "D07",
        "gelu-for-silu",
        "The gate is activated with GELU or another function.",
        "act",
        ("activation_other",),
        (
            Size("GELU", _activated_by(_gelu)),
            Size("GELU by tanh", _activated_by(_tanh_gelu)),
            Size("ReLU", _activated_by(_relu)),
            # GELU's quick form is a slope of 1.702 as well.
            Size("quick GELU", _activated_by(_sloped(1.702)), causes=("activation_other", "activation_slope")),
        ),
        draw=_draw_slope,
    ),
    Fault(
        "D16",
        "activation-wired-wrongly",
        "The gate is not activated, or up is in its place.",
        "act",
        ("activation_wiring",),
        (
            Size("no activation", _activated_by(_no_activation)),
            Size(
                "on up",
                lambda ops: replace(ops, gated_activation=_activation_on_up),
                causes=("gate_up_exchanged",),
            ),
        ),
    ),
    Fault(
        "D17",
        "gate-clamped",
        "The gate is cut off at a limit before it is activated, as gpt-oss wants it.",
        "act",
        ("activation_clamped",),
        (Size("gate up to 1", _activated_by(_clamped(1.0))),),
        draw=_draw_clamp,
    ),
)
