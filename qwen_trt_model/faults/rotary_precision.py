"""Group B: frequencies, angles and tables in 16 bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import ml_dtypes
import numpy as np
import onnx_ir as ir

from qwen_trt_model.faults.fault import Fault, Size
from qwen_trt_model.faults.rounding import rounded
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops
from qwen_trt_model.graph.rotary import RotaryTable, inverse_frequencies, rotary_table, table_of_angles

__all__ = ["ROTARY_PRECISION_FAULTS"]

_NUMPY = {"bf16": ml_dtypes.bfloat16, "fp16": np.float16}


def _rounded_frequencies(name: str) -> Callable[[Ops], Ops]:
    def table(g: GraphBuilder, position_ids: ir.Value, /) -> RotaryTable:
        exact = inverse_frequencies(g.config.head_size, g.config.rotary_base)
        return table_of_angles(g, position_ids, exact.astype(_NUMPY[name]).astype(np.float32))

    return lambda ops: replace(ops, rotary_table=table)


def _rounded_angles(name: str) -> Callable[[Ops], Ops]:
    def table(g: GraphBuilder, position_ids: ir.Value, /) -> RotaryTable:
        positions = g.op("Unsqueeze", position_ids, g.constant([2, 3], "int64"))  # [batch, token, 1, 1]
        frequencies = g.constant(inverse_frequencies(g.config.head_size, g.config.rotary_base), "float32")
        angles = rounded(g, g.op("Mul", g.cast(positions, ir.DataType.FLOAT), frequencies), name)
        return RotaryTable(g.op("Cos", angles), g.op("Sin", angles))

    return lambda ops: replace(ops, rotary_table=table)


def _rounded_tables(name: str) -> Callable[[Ops], Ops]:
    def table(g: GraphBuilder, position_ids: ir.Value, /) -> RotaryTable:
        exact = rotary_table(g, position_ids)
        return RotaryTable(rounded(g, exact.cos, name), rounded(g, exact.sin, name))

    return lambda ops: replace(ops, rotary_table=table)


ROTARY_PRECISION_FAULTS = (
    Fault(
        "B18",
        "inv-freq-in-bf16",
        "The rotary frequencies, angles or tables have been rounded to 16 bits.",
        "q_rope",
        ("rotary_frequencies_rounded",),
        (
            Size("frequencies in bf16", _rounded_frequencies("bf16")),
            Size("frequencies in fp16", _rounded_frequencies("fp16")),
            Size("angles in bf16", _rounded_angles("bf16"), causes=("rotary_angles_rounded",)),
            Size("tables in bf16", _rounded_tables("bf16"), causes=("rotary_tables_rounded",)),
        ),
    ),
)
