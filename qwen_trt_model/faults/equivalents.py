"""Other ways to compute the same: what no comparison may call a defect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir

from qwen_trt_model.faults.reweighted import stored
from qwen_trt_model.graph.attention import scaled_scores, weighted_values
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops
from qwen_trt_model.graph.rotary import RotaryTable, inverse_frequencies

__all__ = ["EQUIVALENTS", "Equivalent"]

_LOWEST = float(np.finfo(np.float32).min)
_LAST = 2**31 - 1


@dataclass(frozen=True)
class Equivalent:
    """Another implementation of the sound network.

    Attributes:
        id: a name for file names and tables.
        description: what is done otherwise, in one sentence.
        apply: gives its ops for the usual ones.
    """

    id: str
    description: str
    apply: Callable[[Ops], Ops]


def _blockwise_attention(block: int, blocks: int) -> Callable[[Ops], Ops]:
    """Keys in blocks with a running maximum, as FlashAttention does (Dao et al. 2022, arXiv 2205.14135)."""

    def masked_scores(g: GraphBuilder, scores: ir.Value, mask: ir.Value, /) -> ir.Value:
        return g.op("Where", mask, scores, g.constant(_LOWEST, "float32"), dtype=ir.DataType.FLOAT)

    def values(g: GraphBuilder, scores: ir.Value, v: ir.Value, /) -> ir.Value:
        # The last block takes what is left, so that any length is whole.
        borders = [(start, start + block) for start in range(0, block * (blocks - 1), block)]
        running = _block(g, scores, v, *borders[0])
        for start, stop in [*borders[1:], (block * (blocks - 1), _LAST)]:
            running = _merged(g, running, _block(g, scores, v, start, stop))
        return g.cast(g.op("Div", running.context, _by_token(g, running.total)), g.dtype)

    return lambda ops: replace(ops, softmax=masked_scores, weighted_values=values)


@dataclass(frozen=True)
class _Running:
    """Attention over some keys: its largest score and sum of exponentials, ``[batch, head, token, 1]``, its context."""

    highest: ir.Value
    total: ir.Value
    context: ir.Value


def _block(g: GraphBuilder, scores: ir.Value, v: ir.Value, start: int, stop: int) -> _Running:
    part, keys = _cut(g, scores, start, stop, axis=3), _cut(g, v, start, stop, axis=1)
    highest = g.op("ReduceMax", part, axes=[-1], keepdims=1)
    powers = g.op("Exp", g.op("Sub", part, highest))  # [batch, head, token, key]
    total = g.op("ReduceSum", powers, g.constant([-1], "int64"), keepdims=1)
    # Kernels round exponentials to the network's dtype for the second product, and add up in fp32.
    rounded = g.cast(g.cast(powers, g.dtype), ir.DataType.FLOAT)
    return _Running(highest, total, weighted_values(g, rounded, g.cast(keys, ir.DataType.FLOAT)))


def _merged(g: GraphBuilder, left: _Running, right: _Running) -> _Running:
    highest = g.op("Max", left.highest, right.highest)
    scales = [g.op("Exp", g.op("Sub", part.highest, highest)) for part in (left, right)]
    totals = [g.op("Mul", part.total, scale) for part, scale in zip((left, right), scales, strict=True)]
    contexts = [
        g.op("Mul", part.context, _by_token(g, scale)) for part, scale in zip((left, right), scales, strict=True)
    ]
    return _Running(highest, g.op("Add", *totals), g.op("Add", *contexts))


def _cut(g: GraphBuilder, x: ir.Value, start: int, stop: int, *, axis: int) -> ir.Value:
    return g.op("Slice", x, *(g.constant([number], "int64") for number in (start, stop, axis)))


def _by_token(g: GraphBuilder, x: ir.Value) -> ir.Value:
    """``[batch, head, token, 1]`` to ``[batch, token, head, 1]``."""
    return g.op("Transpose", x, perm=[0, 2, 1, 3])


def _split_sums(parts: int) -> Callable[[Ops], Ops]:
    """Products in parts along the inputs, added in reverse order."""

    def product(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
        width = g.checkpoint.tensors[f"{module}.weight"].shape[1]
        sizes = [len(part) for part in np.array_split(np.arange(width), parts)]
        weight = g.op("Transpose", g.weight(f"{module}.weight"), perm=[1, 0])
        inputs = g.split(g.cast(x, ir.DataType.FLOAT), sizes)
        weights = g.split(g.cast(weight, ir.DataType.FLOAT), sizes, axis=0)
        total = None
        for left, right in reversed(list(zip(inputs, weights, strict=True))):
            part = g.op("MatMul", left, right)
            total = part if total is None else g.op("Add", part, total)
        assert total is not None
        if bias:
            total = g.op("Add", total, g.cast(g.weight(f"{module}.bias"), ir.DataType.FLOAT))
        return g.cast(total, g.dtype)

    return lambda ops: replace(ops, linear=product)


def _separate_projections(ops: Ops) -> Ops:
    """q, k and v from three products instead of one."""

    def product(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
        if not module.endswith(".qkv"):
            return ops.linear(g, x, module=module, bias=bias)
        borders = [g.config.query_size, g.config.query_size + g.config.key_size]
        weights = np.split(stored(g, f"{module}.weight"), borders)
        parts = [g.op("MatMul", x, g.constant(np.ascontiguousarray(part.T), g.config.dtype)) for part in weights]
        if bias:
            biases = np.split(stored(g, f"{module}.bias"), borders)
            parts = [
                g.op("Add", part, g.constant(added, g.config.dtype)) for part, added in zip(parts, biases, strict=True)
            ]
        return g.op("Concat", *parts, axis=-1)

    return replace(ops, linear=product)


def _scale_in_queries(ops: Ops) -> Ops:
    """Queries are scaled before they meet keys, in fp32."""

    def scores(g: GraphBuilder, q: ir.Value, k: ir.Value, /) -> ir.Value:
        scaled = g.op("Mul", g.cast(q, ir.DataType.FLOAT), g.constant(g.config.head_size**-0.5, "float32"))
        return scaled_scores(g, scaled, k, scale=1.0)

    return replace(ops, scores=scores)


def _other_formulas(ops: Ops) -> Ops:
    """Norms by sum and power, SiLU by exponential."""

    def norm(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
        wide = g.cast(x, ir.DataType.FLOAT)
        width = g.checkpoint.tensors[f"{module}.weight"].shape[0]
        total = g.op("ReduceSum", g.op("Pow", wide, g.constant(2.0, "float32")), g.constant([-1], "int64"), keepdims=1)
        mean = g.op("Div", total, g.constant(float(width), "float32"))
        inverse = g.op(
            "Pow", g.op("Add", mean, g.constant(g.config.norm_epsilon, "float32")), g.constant(-0.5, "float32")
        )
        return g.op("Mul", g.cast(g.op("Mul", wide, inverse), g.dtype), g.weight(f"{module}.weight"))

    def gated(g: GraphBuilder, gate: ir.Value, up: ir.Value, /) -> ir.Value:
        wide = g.cast(gate, ir.DataType.FLOAT)
        below = g.op("Add", g.op("Exp", g.op("Neg", wide)), g.constant(1.0, "float32"))
        return g.op("Mul", g.cast(g.op("Div", wide, below), g.dtype), up)

    return replace(ops, rms_norm=norm, gated_activation=gated)


def _angles_in_fp32(ops: Ops) -> Ops:
    """Angles, cosines and sines computed by the engine in fp32, as transformers does."""

    def table(g: GraphBuilder, position_ids: ir.Value, /) -> RotaryTable:
        positions = g.op("Unsqueeze", position_ids, g.constant([2, 3], "int64"))  # [batch, token, 1, 1]
        frequencies = g.constant(inverse_frequencies(g.config.head_size, g.config.rotary_base), "float32")
        angles = g.op("Mul", g.cast(positions, ir.DataType.FLOAT), frequencies)
        return RotaryTable(g.op("Cos", angles), g.op("Sin", angles))

    return replace(ops, rotary_table=table)


def _loud_padding(ops: Ops) -> Ops:
    """Padding holds large numbers, which nothing that is real reads."""

    def embedding(g: GraphBuilder, input_ids: ir.Value, /) -> ir.Value:
        real = g.cast(g.given("attention_mask"), ir.DataType.BOOL)
        real = g.op("Unsqueeze", real, g.constant([2], "int64"))
        rows = ops.embedding(g, input_ids)
        return g.op("Where", real, rows, g.constant(1e3, g.config.dtype), dtype=g.dtype)

    return replace(ops, embedding=embedding)


_ALL = (
    Equivalent("blockwise-attention", "attention in blocks of keys, as FlashAttention", _blockwise_attention(96, 5)),
    Equivalent("split-sums", "products in four parts, added in reverse order", _split_sums(4)),
    Equivalent("separate-projections", "q, k and v from three products", _separate_projections),
    Equivalent("scale-in-queries", "queries scaled before they meet keys", _scale_in_queries),
    Equivalent("other-formulas", "norms by sum and power, SiLU by exponential", _other_formulas),
    Equivalent("angles-in-fp32", "angles, cosines and sines computed in fp32", _angles_in_fp32),
    Equivalent("loud-padding", "padding of a thousand in every channel, which nothing real reads", _loud_padding),
)

EQUIVALENTS: Mapping[str, Equivalent] = {equivalent.id: equivalent for equivalent in _ALL}
"""Equivalent networks by id."""
