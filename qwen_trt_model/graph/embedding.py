"""Token ids to vectors."""

from __future__ import annotations

import onnx_ir as ir

from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.tensors import EMBEDDING

__all__ = ["embedding"]


def embedding(g: GraphBuilder, input_ids: ir.Value) -> ir.Value:
    """Rows of the table: ``[batch, token]`` to ``[batch, token, hidden]``."""
    return g.op("Gather", g.weight(EMBEDDING), input_ids, axis=0)
