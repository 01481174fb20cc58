"""Attention in plain operators: scores, softmax, weighted values, with grouped key heads.

The queries that share a key head are put one after the other along the token axis, so that keys and values are
multiplied as they are and never repeated.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from qwen_trt_model.graph.builder import GraphBuilder

__all__ = ["masked_softmax", "scaled_scores", "split_qkv", "weighted_values"]

_LOWEST = float(np.finfo(np.float32).min)


def split_qkv(g: GraphBuilder, qkv: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
    """Cut the fused projection into queries, keys and values by head.

    Args:
        g: the graph.
        qkv: ``[batch, token, (heads + 2 kv_heads) * head_dim]``.

    Returns:
        ``[batch, token, head, head_dim]`` once and ``[batch, token, kv_head, head_dim]`` twice.
    """
    config = g.config
    q, k, v = g.split(qkv, (config.query_size, config.key_size, config.key_size))
    return (
        g.reshape(q, 0, 0, config.num_attention_heads, config.head_size),  # [batch, token, head, head_dim]
        g.reshape(k, 0, 0, config.num_key_value_heads, config.head_size),  # [batch, token, kv_head, head_dim]
        g.reshape(v, 0, 0, config.num_key_value_heads, config.head_size),  # [batch, token, kv_head, head_dim]
    )


def scaled_scores(g: GraphBuilder, q: ir.Value, k: ir.Value, *, scale: float | None = None) -> ir.Value:
    """``q @ k.T * scale`` in fp32, before the mask: ``[batch, head, token, key]``.

    fp32, because fused kernels keep their scores in it, and because fp16 overflows where keys have large biases.

    Args:
        g: the graph.
        q: ``[batch, token, head, head_dim]``, rotated.
        k: ``[batch, key, kv_head, head_dim]``, rotated; later with past keys before them.
        scale: ``1 / sqrt(head_dim)`` where None.
    """
    config = g.config
    queries = g.op("Transpose", g.cast(q, ir.DataType.FLOAT), perm=[0, 2, 1, 3])  # [batch, head, token, head_dim]
    grouped = g.reshape(
        queries, 0, config.num_key_value_heads, -1, config.head_size
    )  # [batch, kv_head, group * token, .]
    keys = g.op("Transpose", g.cast(k, ir.DataType.FLOAT), perm=[0, 2, 3, 1])  # [batch, kv_head, head_dim, key]
    products = g.op("MatMul", grouped, keys)  # [batch, kv_head, group * token, key]
    scores = g.reshape(products, 0, config.num_attention_heads, -1, 0)  # [batch, head, token, key]
    return g.op("Mul", scores, g.constant(config.head_size**-0.5 if scale is None else scale, "float32"))


def masked_softmax(g: GraphBuilder, scores: ir.Value, mask: ir.Value) -> ir.Value:
    """Probabilities over keys, computed in fp32 and rounded to the network's dtype.

    Args:
        g: the graph.
        scores: fp32, ``[batch, head, token, key]``.
        mask: bool, ``[batch, 1, token, key]``, True where a query may look.
    """
    masked = g.op("Where", mask, scores, g.constant(_LOWEST, "float32"), dtype=ir.DataType.FLOAT)
    return g.cast(g.op("Softmax", masked, axis=-1), g.dtype)


def weighted_values(g: GraphBuilder, probs: ir.Value, v: ir.Value) -> ir.Value:
    """Sum the values by their probabilities: ``[batch, token, head, head_dim]``.

    Args:
        g: the graph.
        probs: ``[batch, head, token, key]``.
        v: ``[batch, key, kv_head, head_dim]``; later with past values before them.
    """
    config = g.config
    grouped = g.reshape(probs, 0, config.num_key_value_heads, -1, 0)  # [batch, kv_head, group * token, key]
    values = g.op("Transpose", v, perm=[0, 2, 1, 3])  # [batch, kv_head, key, head_dim]
    context = g.op("MatMul", grouped, values)  # [batch, kv_head, group * token, head_dim]
    heads = g.reshape(context, 0, config.num_attention_heads, -1, config.head_size)  # [batch, head, token, head_dim]
    return g.op("Transpose", heads, perm=[0, 2, 1, 3])  # [batch, token, head, head_dim]
