"""The residual stream."""

from __future__ import annotations

import onnx_ir as ir

from qwen_trt_model.graph.builder import GraphBuilder

__all__ = ["residual_add"]


def residual_add(g: GraphBuilder, stream: ir.Value, branch: ir.Value, *, normed: ir.Value) -> ir.Value:
    """``stream + branch``, all of ``[batch, token, hidden]``.

    Args:
        g: the graph.
        stream: what came into the block.
        branch: what the block made of it.
        normed: `stream` behind the block's norm, which is what the branch read; it is not added.
    """
    del normed
    return g.op("Add", stream, branch)
