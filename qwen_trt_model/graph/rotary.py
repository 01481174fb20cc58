"""Rotary position embedding of halves (NeoX): channel i is rotated with channel i + head_dim / 2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from qwen_trt_model.graph.builder import GraphBuilder

__all__ = ["RotaryTable", "inverse_frequencies", "rotary_table", "rotate", "table_of_angles"]


@dataclass(frozen=True)
class RotaryTable:
    """Cosines and sines of every angle, fp32, ``[batch, token, 1, head_dim / 2]``."""

    cos: ir.Value
    sin: ir.Value


def inverse_frequencies(head_size: int, base: float) -> npt.NDArray[np.float32]:
    """``1 / base ** (2i / head_size)``, fp32, ``[head_size / 2]``, with transformers' roundings.

    transformers rounds base, exponent, power and reciprocal to fp32, and so does this. The power itself is rounded
    correctly here, while PyTorch's vectorised one misses the nearest number in about one of a hundred elements, by one
    unit in the last place.
    """
    exponents = np.arange(0, head_size, 2, dtype=np.float32) / np.float32(head_size)
    powers = np.power(np.float64(np.float32(base)), exponents.astype(np.float64)).astype(np.float32)
    frequencies: npt.NDArray[np.float32] = np.reciprocal(powers)
    return frequencies


def rotary_table(g: GraphBuilder, position_ids: ir.Value) -> RotaryTable:
    """The table for positions of ``[batch, token]``."""
    return table_of_angles(g, position_ids, inverse_frequencies(g.config.head_size, g.config.rotary_base))


def table_of_angles(g: GraphBuilder, position_ids: ir.Value, frequencies: npt.NDArray[np.float32]) -> RotaryTable:
    """The table for positions of ``[batch, token]`` and `frequencies` of ``[head_dim / 2]``, all in fp32."""
    positions = g.op("Unsqueeze", position_ids, g.constant([2, 3], "int64"))  # [batch, token, 1, 1]
    angles = g.op("Mul", g.cast(positions, ir.DataType.FLOAT), g.constant(frequencies, "float32"))
    return RotaryTable(g.op("Cos", angles), g.op("Sin", angles))  # [batch, token, 1, head_dim / 2]


def rotate(g: GraphBuilder, x: ir.Value, table: RotaryTable, *, which: str) -> ir.Value:
    """Rotate every head of `x` by its token's angles, in fp32, rounded once at the end, as TensorRT-LLM does.

    Args:
        g: the graph.
        x: ``[batch, token, head, head_dim]``.
        table: the angles.
        which: ``q`` or ``k``: what `x` is; both are rotated alike.
    """
    del which
    half = g.config.head_size // 2
    first, second = g.split(g.cast(x, ir.DataType.FLOAT), (half, half))  # [batch, token, head, head_dim / 2] each
    rotated = g.op("Concat", *rotate_pair(g, first, second, table), axis=-1)  # [batch, token, head, head_dim]
    return g.cast(rotated, g.dtype)


def rotate_pair(g: GraphBuilder, first: ir.Value, second: ir.Value, table: RotaryTable) -> tuple[ir.Value, ir.Value]:
    """``(first + i second) * (cos + i sin)`` as real and imaginary part; all of ``[..., head_dim / 2]``."""
    real = g.op("Sub", g.op("Mul", first, table.cos), g.op("Mul", second, table.sin))
    imaginary = g.op("Add", g.op("Mul", second, table.cos), g.op("Mul", first, table.sin))
    return real, imaginary
