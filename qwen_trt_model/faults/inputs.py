"""Group G: what goes into the model."""

from __future__ import annotations

from dataclasses import replace

import onnx_ir as ir

from qwen_trt_model.faults.fault import Fault
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.embedding import embedding

__all__ = ["INPUT_FAULTS"]


def _rolled_ids(g: GraphBuilder, input_ids: ir.Value, /) -> ir.Value:
    last, end, axis = g.constant([-1], "int64"), g.constant([2**31 - 1], "int64"), g.constant([1], "int64")
    tail = g.op("Slice", input_ids, last, end, axis)  # [batch, 1]
    rest = g.op("Slice", input_ids, g.constant([0], "int64"), last, axis)  # [batch, token - 1]
    return embedding(g, g.op("Concat", tail, rest, axis=1))


INPUT_FAULTS = (
    Fault(
        "G01",
        "different-token-ids",
        "Token ids come one place too late, the last one first.",
        "embed",
        lambda ops: replace(ops, embedding=_rolled_ids),
        one_layer=False,
    ),
)
