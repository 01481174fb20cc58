"""The graph that one engine is built from: static lengths, and the asked taps as extra outputs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import onnx_ir as ir

__all__ = ["COPY_SUFFIX", "EngineGraph", "engine_graph", "graph_file"]

COPY_SUFFIX = ":copy"
"""Ends the name of an output that is a private copy of a tap."""

_FLOATS = (ir.DataType.FLOAT, ir.DataType.FLOAT16, ir.DataType.BFLOAT16)


@dataclass(frozen=True, eq=False)
class EngineGraph:
    """What one engine is built from.

    Attributes:
        serialized: the ONNX model; its weights lie in the folder of the network it was made from.
        outputs: the output that holds each of the asked tensors.
        types: ONNX type of every named tensor, for builders that have to be told.
    """

    serialized: bytes
    outputs: Mapping[str, str]
    types: Mapping[str, ir.DataType]

    @property
    def digest(self) -> str:
        """SHA-256 of graph and outputs, in hexadecimal; weights that lie outside are not in it."""
        return hashlib.sha256(self.serialized).hexdigest()


def engine_graph(
    source: ir.Model, tensors: Sequence[str], *, copies: str, shapes: Mapping[str, tuple[int, ...]]
) -> EngineGraph:
    """The graph of `source` for inputs of `shapes` that also puts out `tensors`.

    A copy is a cast: it has memory of its own, which no later kernel writes to. Casting fp16 or bf16 to fp32 loses
    nothing; a copy in the tensor's own type goes there and back.

    Args:
        source: the network; stays as it is.
        tensors: names of tensors to put out; outputs of the network itself stay as they are.
        copies: ``fp32``, ``own`` or ``none``, as for `TensorRTOptions`.
        shapes: of every input, by name; with static lengths engines are built faster, and run as well.
    """
    model = ir.from_proto(ir.to_proto(source))
    graph = model.graph
    for value in graph.inputs:
        value.shape = ir.Shape(shapes[str(value.name)])
    values = {value.name: value for node in graph for value in node.outputs if value.name}
    own = {output.name for output in graph.outputs}
    outputs: dict[str, str] = {}
    for name in dict.fromkeys(tensors):
        marked = values[name] if name in own else _marked(graph, values[name], copies)
        if marked.name not in {output.name for output in graph.outputs}:
            graph.outputs.append(marked)
        outputs[name] = str(marked.name)
    types = {name: value.dtype for name, value in values.items() if value.dtype in _FLOATS}
    return EngineGraph(bytes(ir.to_proto(model).SerializeToString()), outputs, types)


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


@contextmanager
def graph_file(graph: EngineGraph, folder: Path) -> Iterator[Path]:
    """`graph` as a file in `folder`, where its weights lie, for as long as the block runs."""
    with NamedTemporaryFile(dir=folder, prefix=".engine-", suffix=".onnx") as file:
        file.write(graph.serialized)
        file.flush()
        yield Path(file.name)
