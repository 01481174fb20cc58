"""Marking tensors of a graph as outputs: themselves, or private copies of them."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from parity.runner import COPY_SUFFIX

__all__ = ["mark_outputs"]

_FLOATS = (ir.DataType.FLOAT, ir.DataType.FLOAT16, ir.DataType.BFLOAT16)


def mark_outputs(graph: ir.Graph, tensors: Sequence[str], *, copies: str) -> dict[str, str]:
    """Let `graph` put out `tensors` beside its own outputs, which stay as they are.

    A copy is a cast: it has memory of its own, which no later kernel writes to. Casting fp16 or bf16 to fp32 loses
    nothing; a copy in the tensor's own type goes there and back.

    Args:
        graph: is changed.
        tensors: what nodes of `graph` put out.
        copies: one of `parity.engines.options.COPIES`.

    Returns:
        The output that holds each of `tensors`.
    """
    values = {value.name: value for node in graph for value in node.outputs if value.name}
    own = {output.name for output in graph.outputs}
    outputs: dict[str, str] = {}
    for name in dict.fromkeys(tensors):
        marked = values[name] if name in own else _marked(graph, values[name], copies)
        if marked.name not in {output.name for output in graph.outputs}:
            graph.outputs.append(marked)
        outputs[name] = str(marked.name)
    return outputs


def _marked(graph: ir.Graph, value: ir.Value, copies: str) -> ir.Value:
    name = f"{value.name}{COPY_SUFFIX}"
    if copies == "none" or value.dtype not in _FLOATS:
        return value
    if copies == "own" and value.dtype != ir.DataType.FLOAT:
        wide = _cast(graph, value, ir.DataType.FLOAT, f"{name}/wide")
        return _cast(graph, wide, value.dtype, name)
    if value.dtype == ir.DataType.FLOAT:
        return _times_one(graph, value, name)
    return _cast(graph, value, ir.DataType.FLOAT, name)


def _cast(graph: ir.Graph, value: ir.Value, dtype: ir.DataType, name: str) -> ir.Value:
    node = ir.node("Cast", [value], {"to": dtype}, name=name)
    return _appended(graph, node, value, dtype, name)


def _times_one(graph: ir.Graph, value: ir.Value, name: str) -> ir.Value:
    """An identity may be left out by a builder; a product, also with one, is computed."""
    one = ir.val(f"{name}/one", const_value=ir.tensor([1.0], dtype=ir.DataType.FLOAT, name=f"{name}/one"))
    graph.register_initializer(one)
    return _appended(graph, ir.node("Mul", [value, one], name=name), value, ir.DataType.FLOAT, name)


def _appended(graph: ir.Graph, node: ir.Node, source: ir.Value, dtype: ir.DataType, name: str) -> ir.Value:
    (output,) = node.outputs
    output.name, output.dtype, output.shape = name, dtype, source.shape
    graph.append(node)
    return output
