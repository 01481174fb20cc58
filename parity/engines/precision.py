"""Running chosen operations of a network in fp32, by casts in its graph.

Casts hold for every engine, also for one whose types are those of the graph, where asking the builder for a precision
says nothing. An operation whose operands are casts of 16-bit tensors keeps its products exact in TF32 too (both 16-bit
formats have no more than its 10 bits of mantissa), so that what it gains is an accumulation in fp32.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import onnx_ir as ir

from parity.engines.network_info import NetworkInfo
from parity.engines.precision_file import PrecisionAssignment
from parity.engines.tap_nodes import NARROW, computes_narrowly, is_opaque, moves_data, nodes_by_tap
from parity.errors import ParityError

__all__ = ["PRECISION_FLAG", "with_precision"]

PRECISION_FLAG = "fp32_operations"
"""Flag of `NetworkInfo` that names the taps, or patterns of them, whose operations run in fp32."""

_WIDE = ir.DataType.FLOAT


def with_precision(model: ir.Model, assignment: PrecisionAssignment, *, tensors: Mapping[str, str]) -> ir.Model:
    """`model` with the operations of the taps in `assignment` in fp32.

    The operation of a tap is every node between it and the taps that it is computed from. In fp32, its 16-bit inputs
    and weights are cast up, none of its intermediate results is rounded, and its result is cast to the type that the
    tap has. Taps keep their names, types and shapes, weights stay where they are, and operations that compute in
    fp32 already are left alone. Nodes that other taps are computed from too run in fp32 for all of them.

    Args:
        model: the network; it stays as it is.
        assignment: taps, or patterns of them.
        tensors: the tensor of each tap of `model`.

    Raises:
        ParityError: a pattern matches no tap that `model` has, or the type of a tensor in an operation is unknown.
    """
    changed = ir.from_proto(ir.to_proto(model))
    operations = nodes_by_tap(changed.graph, tensors)
    chosen = assignment.select(tuple(operations))
    nodes = {node for tap in chosen if any(map(computes_narrowly, operations[tap])) for node in operations[tap]}
    _require_types(nodes)
    taps = {tensors[tap] for tap in operations}
    _Widening(changed.graph, taps).apply([node for node in changed.graph if node in nodes])
    _say(changed, assignment)
    return changed


class _Widening:
    """One pass over the nodes of chosen operations, from inputs to outputs.

    After each node whose result becomes fp32 stands a cast to the former type, which nodes outside of the operation
    go on reading; later nodes of the operation read the result before that cast. Casts that nothing reads go away.
    """

    def __init__(self, graph: ir.Graph, taps: Iterable[str]) -> None:
        self._graph = graph
        self._taps = frozenset(taps)
        self._unrounded: dict[ir.Value, ir.Value] = {}
        self._cast_up: dict[ir.Value, ir.Value] = {}
        self._casts: list[ir.Node] = []
        self._names = {str(node.name) for node in graph} | {str(v.name) for node in graph for v in node.outputs}
        self._names |= set(graph.initializers)

    def apply(self, nodes: Iterable[ir.Node]) -> None:
        """Widen `nodes`, which are in graph order."""
        for node in nodes:
            if node.op_type == "Cast":
                self._pass_cast(node)
            elif not is_opaque(node) and self._is_affected(node):
                self._widen(node)
        for cast in reversed(self._casts):
            if not cast.outputs[0].uses() and not self._must_stay(cast.outputs[0]):
                self._graph.remove(cast, safe=True)

    def _is_affected(self, node: ir.Node) -> bool:
        """Data that was rounded before the operation, and is only moved by it, is moved in 16 bits."""
        rounded = any(value in self._unrounded for value in node.inputs if value is not None)
        return rounded or (not moves_data(node) and any(map(_is_narrow, (*node.inputs, *node.outputs))))

    def _pass_cast(self, node: ir.Node) -> None:
        """Read the value before it was rounded; a cast to 16 bits within the operation is no rounding any more."""
        (source,), (output,) = node.inputs, node.outputs
        assert source is not None
        self._casts.append(node)
        if source in self._unrounded:
            source = self._unrounded[source]
            node.replace_input_with(0, source)
        if self._must_stay(output):
            return
        if output.dtype == _WIDE and source.dtype == _WIDE:
            _redirect(output, source)
        elif _is_narrow(output) and (source.dtype == _WIDE or _is_narrow(source)):
            self._unrounded[output] = self._widened(source, before=node)

    def _widen(self, node: ir.Node) -> None:
        for index, value in enumerate(node.inputs):
            if value is not None and _is_narrow(value):
                node.replace_input_with(index, self._widened(value, before=node))
        for output in node.outputs:
            if _is_narrow(output):
                self._round(node, output)

    def _round(self, node: ir.Node, output: ir.Value) -> None:
        """Make `output` fp32, and give its name and its readers to a cast of it."""
        name, dtype = str(output.name), output.dtype
        assert dtype is not None
        rounded = ir.val(name, dtype, output.shape)
        _redirect(output, rounded)
        cast = ir.node("Cast", [output], {"to": dtype}, outputs=[rounded], name=self._free_name(f"{name}/{dtype.name}"))
        output.name, output.dtype = self._free_name(f"{name}/{_WIDE.name}"), _WIDE
        self._graph.outputs[:] = [rounded if value is output else value for value in self._graph.outputs]
        self._graph.insert_after(node, cast)
        self._casts.append(cast)
        if name not in self._taps:
            self._unrounded[rounded] = output

    def _widened(self, value: ir.Value, *, before: ir.Node) -> ir.Value:
        """`value` in fp32; where it was rounded before the operation, a cast of it, made before its first reader."""
        if value.dtype == _WIDE:
            return value
        if value in self._unrounded:
            return self._unrounded[value]
        if value not in self._cast_up:
            name = self._free_name(f"{value.name}/{_WIDE.name}")
            wide = ir.val(name, _WIDE, value.shape)
            cast = ir.node("Cast", [value], {"to": _WIDE}, outputs=[wide], name=name)
            self._graph.insert_before(before, cast)
            self._casts.append(cast)
            self._cast_up[value] = wide
        return self._cast_up[value]

    def _must_stay(self, value: ir.Value) -> bool:
        return value.name in self._taps or any(value is output for output in self._graph.outputs)

    def _free_name(self, name: str) -> str:
        free, number = name, 1
        while free in self._names:
            number += 1
            free = f"{name}_{number}"
        self._names.add(free)
        return free


def _redirect(old: ir.Value, new: ir.Value) -> None:
    """Let the nodes that read `old` read `new`."""
    for reader, index in tuple(old.uses()):
        reader.replace_input_with(index, new)


def _is_narrow(value: ir.Value | None) -> bool:
    return value is not None and value.dtype in NARROW


def _require_types(nodes: Iterable[ir.Node]) -> None:
    values = [value for node in nodes for value in (*node.inputs, *node.outputs) if value is not None]
    if unknown := sorted({str(value.name) for value in values if value.dtype is None and value.name}):
        raise ParityError(
            f"the types of {len(unknown)} tensors are not in the network: {', '.join(unknown[:4])}",
            cure="write them into it: onnx.shape_inference.infer_shapes_path does that",
        )


def _say(model: ir.Model, assignment: PrecisionAssignment) -> None:
    """Add the assignment to what the network says about itself, if it says anything."""
    info = NetworkInfo.from_properties(model.metadata_props, at="the network")
    if info is None or not assignment.fp32:
        return
    known = [part for part in info.flags.get(PRECISION_FLAG, "").split(", ") if part]
    words = ", ".join(dict.fromkeys((*known, *assignment.fp32)))
    model.metadata_props.update(replace(info, flags={**info.flags, PRECISION_FLAG: words}).to_properties())
