"""The gated activation of the MLP."""

from __future__ import annotations

import onnx_ir as ir

from qwen_trt_model.graph.builder import GraphBuilder

__all__ = ["silu_mul"]


def silu_mul(g: GraphBuilder, gate: ir.Value, up: ir.Value) -> ir.Value:
    """``silu(gate) * up``, all of ``[batch, token, intermediate]``.

    silu in fp32, rounded to the network's dtype, then multiplied in it: the two roundings of PyTorch.
    """
    wide = g.cast(gate, ir.DataType.FLOAT)
    activated = g.cast(g.op("Mul", wide, g.op("Sigmoid", wide)), g.dtype)
    return g.op("Mul", activated, up)
