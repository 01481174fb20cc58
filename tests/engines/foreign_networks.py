"""Small .onnx files as others export them: no metadata, names of their own, weights inside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir as ir

from parity.taps import Tap, TapGraph

__all__ = ["GRAPH", "TABLE", "save_lookup"]

TABLE = np.random.default_rng(0).standard_normal((12, 4)).astype(np.float32)

GRAPH = TapGraph(
    (
        Tap("embed", "embedding", (), ("batch", "token", "channel"), (None, None, 4)),
        Tap("final_norm", "rms_norm", ("embed",), ("batch", "token", "channel"), (None, None, 4)),
        Tap("logits", "linear", ("final_norm",), ("batch", "token", "channel"), (None, None, 4)),
    )
)


def save_lookup(
    path: Path,
    *,
    ids: str = "input_ids",
    ids_dtype: ir.DataType = ir.DataType.INT64,
    extra_input: str = "",
    tensors: tuple[str, str] = ("embed", "logits"),
) -> Path:
    """A table lookup and a doubling, with the names asked for."""
    tokens = ir.val(ids, dtype=ids_dtype, shape=("batch", "token"))
    inputs = [tokens, *([ir.val(extra_input, dtype=ir.DataType.FLOAT, shape=(1,))] if extra_input else [])]
    tape = ir.tape.Tape()
    table = tape.initializer(ir.tensor(TABLE, name="table"))
    embed = tape.op("Gather", [table, tokens])
    logits = tape.op("Add", [embed, embed if not extra_input else inputs[1]])
    embed.name, logits.name = tensors
    logits.dtype = ir.DataType.FLOAT
    graph = ir.Graph(
        inputs, [logits], nodes=tape.nodes, initializers=tape.initializers, opset_imports={"": 17}, name="lookup"
    )
    ir.save(ir.Model(graph, ir_version=8), path)
    return path
