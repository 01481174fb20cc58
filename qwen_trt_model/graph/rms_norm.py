"""Root mean square normalisation."""

from __future__ import annotations

import onnx_ir as ir

from qwen_trt_model.graph.builder import GraphBuilder

__all__ = ["normalize", "rms_norm"]


def rms_norm(g: GraphBuilder, x: ir.Value, *, module: str) -> ir.Value:
    """``x / sqrt(mean(x²) + epsilon) * weight`` over the last axis; the shape stays.

    Normalised in fp32, rounded to the network's dtype, then scaled in it: the two roundings of Hugging Face's
    Qwen2RMSNorm.

    Args:
        g: the graph.
        x: ``[batch, token, hidden]`` or ``[batch, token, head, channel]``.
        module: path of the norm in the checkpoint, with a weight of the last axis' length.
    """
    return g.op("Mul", normalize(g, x, epsilon=g.config.norm_epsilon), g.weight(f"{module}.weight"))


def normalize(g: GraphBuilder, x: ir.Value, *, epsilon: float) -> ir.Value:
    """The part before the weight."""
    wide = g.cast(x, ir.DataType.FLOAT)
    mean_square = g.op("ReduceMean", g.op("Mul", wide, wide), axes=[-1], keepdims=1)  # [..., 1]
    root = g.op("Sqrt", g.op("Add", mean_square, g.constant(epsilon, "float32")))
    return g.cast(g.op("Mul", wide, g.op("Reciprocal", root)), g.dtype)
