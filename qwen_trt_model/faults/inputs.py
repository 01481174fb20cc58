"""Group G: what goes into the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault, Size, only
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.embedding import embedding
from qwen_trt_model.graph.ops import Ops

__all__ = ["INPUT_FAULTS"]


def _embedding_of(ids: Callable[[GraphBuilder, ir.Value], ir.Value]) -> Callable[[Ops], Ops]:
    return lambda ops: replace(ops, embedding=lambda g, given, /: embedding(g, ids(g, given)))


def _rolled_ids(g: GraphBuilder, input_ids: ir.Value) -> ir.Value:
    last, end, axis = g.constant([-1], "int64"), g.constant([2**31 - 1], "int64"), g.constant([1], "int64")
    tail = g.op("Slice", input_ids, last, end, axis)  # [batch, 1]
    return _behind(g, tail, input_ids)


def _beginning_with(token: int) -> Callable[[GraphBuilder, ir.Value], ir.Value]:
    """Another token in front, as a second beginning of the sequence."""

    def ids(g: GraphBuilder, input_ids: ir.Value) -> ir.Value:
        start, stop, axis = g.constant([0], "int64"), g.constant([1], "int64"), g.constant([1], "int64")
        nothing = g.op("Mul", g.op("Slice", input_ids, start, stop, axis), g.constant(0, "int64"))
        return _behind(g, g.op("Add", nothing, g.constant(token, "int64")), input_ids)

    return ids


def _behind(g: GraphBuilder, first: ir.Value, input_ids: ir.Value) -> ir.Value:
    """`first` ``[batch, 1]``, and all of `input_ids` but the last."""
    start, last, axis = g.constant([0], "int64"), g.constant([-1], "int64"), g.constant([1], "int64")
    return g.op("Concat", first, g.op("Slice", input_ids, start, last, axis), axis=1)


def _next_ids(by: int) -> Callable[[GraphBuilder, ir.Value], ir.Value]:
    """Ids that count otherwise, as after an added token in front of the vocabulary."""

    def ids(g: GraphBuilder, input_ids: ir.Value) -> ir.Value:
        moved = g.op("Add", input_ids, g.constant(by, "int64"))
        return g.op("Mod", moved, g.constant(g.config.vocab_size, "int64"))

    return ids


def _draw_ids(rng: np.random.Generator, config: QwenConfig) -> Size:
    by, token = int(rng.integers(1, 40)), int(rng.integers(config.vocab_size))
    kinds = (
        Size(f"ids + {by}", _embedding_of(_next_ids(by))),
        Size(f"token {token} in front", _embedding_of(_beginning_with(token))),
    )
    return kinds[int(rng.integers(len(kinds)))]


def _padded_in_front(g: GraphBuilder, input_ids: ir.Value) -> ir.Value:
    """The ids of short prompts begin behind their padding."""
    mask = g.given("attention_mask")
    lengths = g.op("ReduceSum", mask, g.constant([1], "int64"), keepdims=1)  # [batch, 1]
    width = g.op("Gather", g.op("Shape", mask), g.constant(1, "int64"), axis=0)
    places = g.op("Range", g.constant(0, "int64"), width, g.constant(1, "int64"))  # [token]
    # A token at place t stands where t - (width - length) stood, around the end.
    source = g.op("Mod", g.op("Add", places, lengths), width)  # [batch, token]
    return g.op("GatherElements", input_ids, source, axis=1)


INPUT_FAULTS = (
    Fault(
        "G01",
        "different-token-ids",
        "Token ids are others: one place too late, with one more in front, or counted otherwise.",
        "embed",
        ("embedding_rows", "tokens_shifted"),
        (
            Size("one place late", _embedding_of(_rolled_ids)),
            Size("token 0 in front", _embedding_of(_beginning_with(0))),
            Size("ids + 1", _embedding_of(_next_ids(1))),
        ),
        one_layer=False,
        draw=_draw_ids,
    ),
    Fault(
        "G02",
        "padding-side",
        "Short prompts are padded in front, where the other side pads behind.",
        "embed",
        ("embedding_rows", "tokens_shifted", "prompts_exchanged"),
        only(_embedding_of(_padded_in_front)),
        one_layer=False,
    ),
)
