"""Rounding tensors to coarser formats inside a network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from qwen_trt_model.graph.builder import GraphBuilder

__all__ = ["FORMATS", "beyond", "rounded"]


@dataclass(frozen=True)
class _Format:
    """A type of ONNX, or the number of bits that its significand lacks of fp32's 24."""

    dtype: ir.DataType | None
    missing_bits: int


FORMATS = {
    "bf16": _Format(ir.DataType.BFLOAT16, 16),
    "fp16": _Format(ir.DataType.FLOAT16, 13),
    "tf32": _Format(None, 13),
}
"""What `rounded` knows; fp16 also overflows, and is coarse near zero."""


def rounded(g: GraphBuilder, x: ir.Value, name: str) -> ir.Value:
    """`x` rounded to the nearest number of a format, in its own type.

    TF32 is no type of ONNX; Veltkamp's splitting rounds to its 11 bits (Dekker 1971, Numerische Mathematik 18).
    """
    format_ = FORMATS[name]
    if format_.dtype is not None:
        return g.cast(g.cast(x, format_.dtype), x.dtype or g.dtype)
    wide = g.cast(x, ir.DataType.FLOAT)
    spread = g.op("Mul", wide, g.constant(2.0**format_.missing_bits + 1, "float32"))
    return g.cast(g.op("Sub", spread, g.op("Sub", spread, wide)), x.dtype or g.dtype)


def beyond(g: GraphBuilder, x: ir.Value, limit: float, *, saturate: bool) -> ir.Value:
    """fp32 `x` whose values beyond ±`limit` become ±`limit`, or infinite."""
    clipped = g.op("Clip", x, g.constant(-limit, "float32"), g.constant(limit, "float32"))
    if saturate:
        return clipped
    inside = g.op("LessOrEqual", g.op("Abs", x), g.constant(limit, "float32"), dtype=ir.DataType.BOOL)
    infinite = g.op("Mul", clipped, g.constant(np.inf, "float32"))  # of the sign of x
    return g.op("Where", inside, x, infinite, dtype=ir.DataType.FLOAT)
