"""Group X, matrix products: what nobody has reported yet."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.drawn import uniform
from qwen_trt_model.faults.fault import Fault, Size
from qwen_trt_model.faults.reweighted import MODULE_OF_TAP, Floats, reweighted
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops

__all__ = ["UNREPORTED_PRODUCT_FAULTS"]

_LINEAR_TAPS = ("attn_out", "gate", "up", "mlp_out")


def _capped_logits(cap: float) -> Callable[[Ops], Ops]:
    def apply(ops: Ops) -> Ops:
        def product(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
            y = ops.linear(g, x, module=module, bias=bias)
            if module != "lm_head":
                return y
            small = g.op("Mul", g.cast(y, ir.DataType.FLOAT), g.constant(1 / cap, "float32"))
            return g.cast(g.op("Mul", g.op("Tanh", small), g.constant(cap, "float32")), g.dtype)

        return replace(ops, linear=product)

    return apply


def _other_checkpoint(tap: str, relative: float, seed: int) -> Callable[[Ops], Ops]:
    """Weights of another training run: near the right ones, and none of them."""

    def change(weight: Floats, bias: Floats | None) -> tuple[Floats, Floats | None]:
        noise = np.random.default_rng(seed).standard_normal(weight.shape).astype(np.float32)
        return weight + np.float32(relative * weight.std()) * noise, bias

    return reweighted(MODULE_OF_TAP[tap], change)


def _adapter(tap: str, rank: int, relative: float, seed: int) -> Callable[[Ops], Ops]:
    """A low-rank adapter that was merged into one side alone."""

    def change(weight: Floats, bias: Floats | None) -> tuple[Floats, Floats | None]:
        rng = np.random.default_rng(seed)
        update = rng.standard_normal((len(weight), rank)) @ rng.standard_normal((rank, weight.shape[1]))
        return weight + (relative * weight.std() / math.sqrt(rank) * update).astype(np.float32), bias

    return reweighted(MODULE_OF_TAP[tap], change)


def _changed_inputs(tap: str, change: Callable[[GraphBuilder, ir.Value], ir.Value]) -> Callable[[Ops], Ops]:
    """The product that makes `tap` reads its inputs through `change`."""
    suffix = f".{MODULE_OF_TAP[tap]}"

    def apply(ops: Ops) -> Ops:
        def product(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
            return ops.linear(g, change(g, x) if module.endswith(suffix) else x, module=module, bias=bias)

        return replace(ops, linear=product)

    return apply


def _clamped_inputs(tap: str, limit: float) -> Callable[[Ops], Ops]:
    def clamped(g: GraphBuilder, x: ir.Value) -> ir.Value:
        low, high = g.constant(-limit, g.config.dtype), g.constant(limit, g.config.dtype)
        return g.op("Clip", x, low, high)

    return _changed_inputs(tap, clamped)


def _quantised_inputs(tap: str) -> Callable[[Ops], Ops]:
    """Inputs of one product rounded to int8 with a scale for each token."""

    def quantised(g: GraphBuilder, x: ir.Value) -> ir.Value:
        wide = g.cast(x, ir.DataType.FLOAT)
        largest = g.op("ReduceMax", g.op("Abs", wide), axes=[-1], keepdims=1)
        step = g.op("Mul", largest, g.constant(1 / 127, "float32"))
        return g.cast(g.op("Mul", g.op("Round", g.op("Div", wide, step)), step), g.dtype)

    return _changed_inputs(tap, quantised)


def _draw_checkpoint(rng: np.random.Generator, config: QwenConfig) -> Size:
    tap, relative = str(rng.choice(_LINEAR_TAPS)), float(np.exp(rng.uniform(np.log(0.003), np.log(0.5))))
    return Size(
        f"{tap}, {relative:.2g} away", _other_checkpoint(tap, relative, int(rng.integers(2**31))), first_tap=tap
    )


def _draw_adapter(rng: np.random.Generator, config: QwenConfig) -> Size:
    tap, rank = str(rng.choice(_LINEAR_TAPS)), int(rng.choice([1, 2, 4, 8, 16]))
    relative = float(rng.uniform(0.05, 0.5))
    made = _adapter(tap, rank, relative, int(rng.integers(2**31)))
    return Size(f"{tap}, rank {rank}", made, first_tap=tap)


def _draw_clamp(rng: np.random.Generator, config: QwenConfig) -> Size:
    tap, limit = str(rng.choice(["mlp_out", "gate"])), float(f"{rng.uniform(0.5, 2):.3g}")
    return Size(f"{tap} at {limit:g}", _clamped_inputs(tap, limit), first_tap=tap)


def _draw_inputs(rng: np.random.Generator, config: QwenConfig) -> Size:
    tap = str(rng.choice(_LINEAR_TAPS))
    return Size(f"into {tap}", _quantised_inputs(tap), first_tap=tap)


def _cap(value: float) -> Size:
    return Size(f"cap {value:g}", _capped_logits(value))


UNREPORTED_PRODUCT_FAULTS = (
    Fault(
        "X04",
        "logits-capped",
        "Logits are capped smoothly, as Gemma 2 wants it.",
        "logits",
        ("logits_softcap",),
        (_cap(30.0),),
        one_layer=False,
        draw=uniform(_cap, 8, 60),
    ),
    Fault(
        "X07",
        "another-checkpoint",
        "A projection has the weights of another training run.",
        "mlp_out",
        ("other_weights",),
        (Size("mlp_out, 0.05 away", _other_checkpoint("mlp_out", 0.05, 3)),),
        draw=_draw_checkpoint,
    ),
    Fault(
        "X08",
        "adapter-not-merged",
        "A low-rank adapter was merged into one side alone.",
        "mlp_out",
        ("low_rank",),
        (Size("mlp_out, rank 4", _adapter("mlp_out", 4, 0.2, 3)),),
        draw=_draw_adapter,
    ),
    Fault(
        "X09",
        "inputs-clamped",
        "Inputs of a product are cut off at a limit, as by a static scale that is too small.",
        "mlp_out",
        ("operands_clamped",),
        (Size("mlp_out at 1", _clamped_inputs("mlp_out", 1.0)),),
        draw=_draw_clamp,
    ),
    Fault(
        "X10",
        "inputs-in-int8",
        "Inputs of a product are rounded to integers, with a scale for each token.",
        "gate",
        ("inputs_quantised",),
        (Size("into gate", _quantised_inputs("gate")),),
        draw=_draw_inputs,
    ),
)
