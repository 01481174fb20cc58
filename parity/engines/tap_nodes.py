"""Which nodes of a network make which tap, and which of them compute in 16 bits."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

__all__ = ["NARROW", "computes_narrowly", "is_opaque", "moves_data", "nodes_by_tap"]

NARROW = (ir.DataType.FLOAT16, ir.DataType.BFLOAT16)
"""Types of 16 bits."""

_MOVING = frozenset(
    {
        *("Identity", "Reshape", "Transpose", "Slice", "Split", "Concat", "Gather", "GatherElements", "GatherND"),
        *("Unsqueeze", "Squeeze", "Expand", "Flatten", "Tile", "Where", "Shape", "Size"),
    }
)
_OPAQUE = frozenset(
    {
        *("Constant", "ConstantOfShape", "EyeLike", "CastLike", "QuantizeLinear", "DequantizeLinear"),
        *("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"),
    }
)
_STANDARD = ("", "ai.onnx")


def nodes_by_tap(graph: ir.Graph, tensors: Mapping[str, str]) -> dict[str, tuple[ir.Node, ...]]:
    """The nodes between each tap and the taps that it is computed from, in graph order.

    Nodes that several taps are computed from, such as a fused projection or a rotary table, belong to each of them.

    Args:
        graph: the network; its nodes are in topological order.
        tensors: tensor of each tap; names without a tensor in `graph` are left out.
    """
    values = {value.name: value for node in graph for value in node.outputs}
    found = {tap: values[tensor] for tap, tensor in tensors.items() if tensor in values}
    order = {node: place for place, node in enumerate(graph)}
    stops = set(found.values())
    return {tap: tuple(sorted(_behind(value, stops), key=order.__getitem__)) for tap, value in found.items()}


def computes_narrowly(node: ir.Node) -> bool:
    """Whether `node` computes something and rounds it to 16 bits."""
    passive = node.op_type in _MOVING or node.op_type == "Cast" or is_opaque(node)
    return not passive and any(output.dtype in NARROW for output in node.outputs)


def moves_data(node: ir.Node) -> bool:
    """Whether `node` hands its inputs on as they are, in other places."""
    return node.op_type in _MOVING and not is_opaque(node)


def is_opaque(node: ir.Node) -> bool:
    """Whether the types of `node` can't be changed by changing those of its inputs."""
    inner = any(attribute.type in (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS) for attribute in _attributes(node))
    return node.op_type in _OPAQUE or node.domain not in _STANDARD or inner


def _attributes(node: ir.Node) -> tuple[ir.Attr, ...]:
    return tuple(node.attributes.values())


def _behind(value: ir.Value, stops: set[ir.Value]) -> set[ir.Node]:
    """The nodes that `value` is computed by, back to `stops`."""
    found: set[ir.Node] = set()
    waiting = [value]
    while waiting:
        node = waiting.pop().producer()
        if node is None or node in found:
            continue
        found.add(node)
        waiting += [source for source in node.inputs if source is not None and source not in stops]
    return found
