"""Linear layers."""

from __future__ import annotations

import onnx_ir as ir

from qwen_trt_model.graph.builder import GraphBuilder

__all__ = ["linear"]


def linear(g: GraphBuilder, x: ir.Value, *, module: str, bias: bool = False) -> ir.Value:
    """``x @ weight.T + bias``: ``[batch, token, in]`` to ``[batch, token, out]``.

    Args:
        g: the graph.
        x: the input.
        module: path of the layer in the checkpoint, whose weight is stored as ``[out, in]``.
        bias: whether it has one, of ``[out]``.
    """
    weight = g.op("Transpose", g.weight(f"{module}.weight"), perm=[1, 0])  # [in, out]
    y = g.op("MatMul", x, weight)  # [batch, token, out]
    return g.op("Add", y, g.weight(f"{module}.bias")) if bias else y
