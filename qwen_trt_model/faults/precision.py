"""Group D: what is computed or kept in too few bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault, Size
from qwen_trt_model.faults.reweighted import MODULE_OF_TAP
from qwen_trt_model.faults.rounding import beyond, rounded
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.linear import linear
from qwen_trt_model.graph.ops import Ops

__all__ = ["PRECISION_FAULTS"]


def _product_beyond(limit: float, *, saturate: bool) -> Callable[[Ops], Ops]:
    """The last product of the MLP overflows or stops: at 65504 in fp16, earlier where it is scaled up."""

    def product(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
        y = linear(g, x, module=module, bias=bias)
        if not module.endswith(".proj"):
            return y
        return g.cast(beyond(g, g.cast(y, ir.DataType.FLOAT), limit, saturate=saturate), g.dtype)

    return lambda ops: replace(ops, linear=product)


def _draw_saturation(rng: np.random.Generator, config: QwenConfig) -> Size:
    limit = float(f"{rng.uniform(0.1, 0.4):.3g}")
    return Size(f"at {limit:g}", _product_beyond(limit, saturate=True))


def _operands_in(name: str, *, tap: str = "") -> Callable[[Ops], Ops]:
    """Both operands of one product, or of all, are rounded."""

    def product(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
        if tap and not module.endswith(f".{MODULE_OF_TAP[tap]}"):
            return linear(g, x, module=module, bias=bias)
        weight = rounded(g, g.op("Transpose", g.weight(f"{module}.weight"), perm=[1, 0]), name)
        y = g.op("MatMul", rounded(g, x, name), weight)
        return g.op("Add", y, g.weight(f"{module}.bias")) if bias else y

    return lambda ops: replace(ops, linear=product)


def _accumulated_in(name: str, parts: int) -> Callable[[Ops], Ops]:
    """The last product of the MLP, summed over so many inputs at a time in a coarse format."""

    def product(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
        if not module.endswith(".proj"):
            return linear(g, x, module=module, bias=bias)
        width = g.config.intermediate_size
        sizes = [parts] * (width // parts) + ([width % parts] if width % parts else [])
        weight = g.op("Transpose", g.weight(f"{module}.weight"), perm=[1, 0])  # [in, out]
        inputs = g.split(g.cast(x, ir.DataType.FLOAT), sizes)
        weights = g.split(g.cast(weight, ir.DataType.FLOAT), sizes, axis=0)
        total = None
        for left, right in zip(inputs, weights, strict=True):
            part = g.op("MatMul", left, right)
            total = rounded(g, part if total is None else g.op("Add", total, part), name)
        assert total is not None
        return g.cast(total, g.dtype)

    return lambda ops: replace(ops, linear=product)


def _every_output_in(name: str) -> Callable[[Ops], Ops]:
    """What every operation puts out is rounded, as if the whole model ran in another dtype."""

    def apply(ops: Ops) -> Ops:
        return replace(
            ops,
            embedding=lambda g, ids, /: rounded(g, ops.embedding(g, ids), name),
            rms_norm=lambda g, x, /, *, module: rounded(g, ops.rms_norm(g, x, module=module), name),
            linear=lambda g, x, /, *, module, bias=False: rounded(g, ops.linear(g, x, module=module, bias=bias), name),
            rotate=lambda g, x, table, /, *, which: rounded(g, ops.rotate(g, x, table, which=which), name),
            weighted_values=lambda g, probs, v, /: rounded(g, ops.weighted_values(g, probs, v), name),
            gated_activation=lambda g, gate, up, /: rounded(g, ops.gated_activation(g, gate, up), name),
            add=lambda g, stream, branch, /, *, normed: rounded(g, ops.add(g, stream, branch, normed=normed), name),
        )

    return apply


def _stream_in(name: str) -> Callable[[Ops], Ops]:
    def apply(ops: Ops) -> Ops:
        def add(g: GraphBuilder, stream: ir.Value, branch: ir.Value, /, *, normed: ir.Value) -> ir.Value:
            return rounded(g, ops.add(g, stream, branch, normed=normed), name)

        return replace(ops, add=add)

    return apply


PRECISION_FAULTS = (
    Fault(
        "D08",
        "overflow-in-down",
        "The last product of the MLP overflows, as in fp16 where activations are massive or scaled up.",
        "mlp_out",
        ("overflowed",),
        (Size("beyond 0.4", _product_beyond(0.4, saturate=False)),),
    ),
    Fault(
        "D09",
        "saturation-in-down",
        "The last product of the MLP stops at a limit instead of overflowing.",
        "mlp_out",
        ("saturated",),
        (Size("at 0.4", _product_beyond(0.4, saturate=True)),),
        draw=_draw_saturation,
    ),
    Fault(
        "D10",
        "operands-rounded",
        "Operands of products are rounded: TF32, or a kernel for bf16.",
        "q",
        ("operands_rounded",),
        (
            Size("TF32", _operands_in("tf32"), dtypes=("float32",)),
            Size("bf16 in gate", _operands_in("bf16", tap="gate"), first_tap="gate"),
        ),
    ),
    Fault(
        "D11",
        "another-dtype",
        "The whole model runs in bf16, whatever its tensors are stored in.",
        "input_norm",
        ("output_rounded",),
        (Size("bf16", _every_output_in("bf16")),),
    ),
    Fault(
        "D13",
        "stream-in-low-precision",
        "The residual stream is rounded to a coarser format at every addition.",
        "resid_mid",
        ("output_rounded",),
        (Size("bf16", _stream_in("bf16")), Size("fp16", _stream_in("fp16"), dtypes=("float32",))),
    ),
    Fault(
        "D18",
        "accumulation-in-low-precision",
        "The last product of the MLP is accumulated in a coarse format.",
        "mlp_out",
        ("accumulation_rounded",),
        (
            Size("fp16, 32 at a time", _accumulated_in("fp16", 32)),
            Size("bf16, 16 at a time", _accumulated_in("bf16", 16)),
        ),
    ),
)
