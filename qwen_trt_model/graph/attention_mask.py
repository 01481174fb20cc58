"""Which keys a query may look at."""

from __future__ import annotations

import onnx_ir as ir

from qwen_trt_model.graph.builder import GraphBuilder

__all__ = ["TokenGrid", "causal_mask", "real_keys", "token_grid"]

TokenGrid = tuple[ir.Value, ir.Value]
"""Indices of keys, ``[key]``, and of queries, ``[token, 1]``, int64."""


def causal_mask(g: GraphBuilder, attention_mask: ir.Value) -> ir.Value:
    """True where a query may look at a key: ``[batch, key]`` to ``[batch, 1, token, key]``.

    A key must not come after its query, and must be no padding. A query may always look at its own key: a padding token
    then has something to look at, whichever side padding is on, and no row of scores is masked as a whole, which
    would turn into NaN where an engine holds minus infinity.

    Args:
        g: the graph.
        attention_mask: int64, 1 at real tokens, 0 at padding. With past keys it would cover them too, and the queries
            would be its last tokens.
    """
    keys, queries = token_grid(g, attention_mask)
    earlier = g.op("LessOrEqual", keys, queries, dtype=ir.DataType.BOOL)  # [token, key]
    itself = g.op("Equal", keys, queries, dtype=ir.DataType.BOOL)  # [token, key]
    visible = g.op("Or", real_keys(g, attention_mask), itself)  # [batch, 1, token, key]
    return g.op("And", visible, earlier)


def token_grid(g: GraphBuilder, attention_mask: ir.Value) -> TokenGrid:
    """Indices along the key axis and along the token axis, to be compared with each other."""
    length = g.op("Gather", g.op("Shape", attention_mask), g.constant(1, "int64"), axis=0)  # scalar
    keys = g.op("Range", g.constant(0, "int64"), length, g.constant(1, "int64"))  # [key]
    return keys, g.op("Unsqueeze", keys, g.constant([1], "int64"))  # [token, 1]


def real_keys(g: GraphBuilder, attention_mask: ir.Value) -> ir.Value:
    """True at keys that are no padding: ``[batch, key]`` to ``[batch, 1, 1, key]``."""
    real = g.cast(attention_mask, ir.DataType.BOOL)
    return g.op("Unsqueeze", real, g.constant([1, 2], "int64"))
