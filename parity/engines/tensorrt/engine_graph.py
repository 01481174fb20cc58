"""The graph that one engine is built from: static lengths, and the asked taps as extra outputs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import onnx_ir as ir

from parity.engines.marking import mark_outputs

__all__ = ["EngineGraph", "engine_graph", "graph_file"]

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

    Args:
        source: the network; stays as it is.
        tensors: names of tensors to put out; outputs of the network itself stay as they are.
        copies: ``fp32``, ``own`` or ``none``, as for `mark_outputs`.
        shapes: of every input, by name; with static lengths engines are built faster, and run as well.
    """
    model = ir.from_proto(ir.to_proto(source))
    graph = model.graph
    for value in graph.inputs:
        value.shape = ir.Shape(shapes[str(value.name)])
    values = {value.name: value for node in graph for value in node.outputs if value.name}
    outputs = mark_outputs(graph, tensors, copies=copies)
    types = {name: value.dtype for name, value in values.items() if value.dtype in _FLOATS}
    return EngineGraph(bytes(ir.to_proto(model).SerializeToString()), outputs, types)


@contextmanager
def graph_file(graph: EngineGraph, folder: Path) -> Iterator[Path]:
    """`graph` as a file in `folder`, where its weights lie, for as long as the block runs."""
    with NamedTemporaryFile(dir=folder, prefix=".engine-", suffix=".onnx") as file:
        file.write(graph.serialized)
        file.flush()
        yield Path(file.name)
