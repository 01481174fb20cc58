"""Group B: rotary embedding and positions."""

from __future__ import annotations

from dataclasses import replace

import ml_dtypes
import numpy as np
import onnx_ir as ir

from qwen_trt_model.faults.fault import Fault
from qwen_trt_model.graph.attention import split_qkv
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.rotary import (
    RotaryTable,
    inverse_frequencies,
    rotary_table,
    rotate,
    rotate_pair,
    table_of_angles,
)

__all__ = ["ROTARY_FAULTS"]


def _other_theta(g: GraphBuilder, position_ids: ir.Value, /) -> RotaryTable:
    wrong = 1e4 if g.config.rotary_base != 1e4 else 1e6
    return table_of_angles(g, position_ids, inverse_frequencies(g.config.head_size, wrong))


def _interleaved(g: GraphBuilder, x: ir.Value, table: RotaryTable, /, *, which: str) -> ir.Value:
    del which
    size, last = g.config.head_size, g.constant([4], "int64")
    pairs = g.reshape(g.cast(x, ir.DataType.FLOAT), 0, 0, 0, size // 2, 2)  # [batch, token, head, head_dim / 2, 2]
    even, odd = (g.op("Squeeze", part, last) for part in g.split(pairs, (1, 1)))  # [batch, token, head, head_dim / 2]
    rotated = [g.op("Unsqueeze", part, last) for part in rotate_pair(g, even, odd, table)]
    return g.cast(g.reshape(g.op("Concat", *rotated, axis=-1), 0, 0, 0, size), g.dtype)


def _permuted_queries_and_keys(g: GraphBuilder, qkv: ir.Value, /) -> tuple[ir.Value, ir.Value, ir.Value]:
    q, k, v = split_qkv(g, qkv)
    # Channel 2 i + j holds what channel i + j * head_dim / 2 should: the order that interleaved rotation wants.
    order = g.constant(np.arange(g.config.head_size).reshape(2, -1).T.reshape(-1), "int64")
    return g.op("Gather", q, order, axis=3), g.op("Gather", k, order, axis=3), v


def _keys_not_rotated(g: GraphBuilder, x: ir.Value, table: RotaryTable, /, *, which: str) -> ir.Value:
    return x if which == "k" else rotate(g, x, table, which=which)


def _positions_from_one(g: GraphBuilder, position_ids: ir.Value, /) -> RotaryTable:
    return rotary_table(g, g.op("Add", position_ids, g.constant(1, "int64")))


def _bfloat16_frequencies(g: GraphBuilder, position_ids: ir.Value, /) -> RotaryTable:
    exact = inverse_frequencies(g.config.head_size, g.config.rotary_base)
    return table_of_angles(g, position_ids, exact.astype(ml_dtypes.bfloat16).astype(np.float32))


ROTARY_FAULTS = (
    Fault(
        "B01",
        "theta-1e4",
        "theta is 1e4 whatever the configuration says (1e6 where it says 1e4).",
        "q_rope",
        lambda ops: replace(ops, rotary_table=_other_theta),
    ),
    Fault(
        "B03",
        "interleaved-vs-neox",
        "Channels are rotated in pairs (2i, 2i + 1) instead of (i, i + head_dim / 2).",
        "q_rope",
        lambda ops: replace(ops, rotate=_interleaved),
    ),
    Fault(
        "B04",
        "permuted-qk-weights",
        "The rows of q and k stand in the order of interleaved rotation, and halves are rotated.",
        "q",
        lambda ops: replace(ops, split_qkv=_permuted_queries_and_keys),
    ),
    Fault(
        "B07",
        "k-not-rotated",
        "Queries are rotated, keys are not.",
        "k_rope",
        lambda ops: replace(ops, rotate=_keys_not_rotated),
    ),
    Fault(
        "B09",
        "position-offset",
        "Positions of queries and keys both begin at 1, which no score depends on.",
        "q_rope",
        lambda ops: replace(ops, rotary_table=_positions_from_one),
        harmless=True,
    ),
    Fault(
        "B18",
        "inv-freq-in-bf16",
        "The rotary frequencies have been rounded to bf16.",
        "q_rope",
        lambda ops: replace(ops, rotary_table=_bfloat16_frequencies),
    ),
)
