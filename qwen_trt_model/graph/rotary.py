"""Rotary position embedding of halves (NeoX): channel i is rotated with channel i + head_dim / 2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from qwen_trt_model.graph.builder import GraphBuilder

__all__ = ["RotaryTable", "inverse_frequencies", "rotary_table", "rotate", "rotate_pair", "table_of_angles"]

_STEP = 256
_FEWEST_POSITIONS = 2**17


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
    """The table for positions of ``[batch, token]`` and `frequencies` of ``[head_dim / 2]``, in fp32.

    The engine computes no angle, cosine or sine: builders take fast ones, which are wrong where angles are large
    (TensorRT 8.6 in fp32 is off by 15 times the rounding of a key after 480 tokens), and in fp16 builds they form the
    angles themselves in fp16. Instead, position ``256 a + b`` takes its cosine and sine from those of ``256 a`` and of
    ``b``, which were computed in fp64, by the addition theorem.
    """
    shifted = g.op("Add", position_ids, g.constant(_STEP, "int64"))  # one step below 0 is in the table
    steps = g.op("Div", shifted, g.constant(_STEP, "int64"))  # [batch, token]
    rest = g.op("Sub", shifted, g.op("Mul", steps, g.constant(_STEP, "int64")))
    count = 2 + max(g.config.max_position_embeddings, _FEWEST_POSITIONS) // _STEP
    far = _looked_up(g, steps, _STEP * (np.arange(count) - 1), frequencies)
    near = _looked_up(g, rest, np.arange(_STEP), frequencies)
    return RotaryTable(*rotate_pair(g, near.cos, near.sin, far))  # [batch, token, 1, head_dim / 2]


def _looked_up(
    g: GraphBuilder, index: ir.Value, positions: npt.NDArray[np.int64], frequencies: npt.NDArray[np.float32]
) -> RotaryTable:
    """Cosines and sines of ``positions[index]``, each rounded once from fp64 to fp32."""
    angles = positions[:, None, None] * frequencies.astype(np.float64)  # [position, 1, head_dim / 2]
    tables = (g.constant(function(angles), "float32") for function in (np.cos, np.sin))
    return RotaryTable(*(g.op("Gather", table, index, axis=0) for table in tables))  # [batch, token, 1, head_dim / 2]


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
