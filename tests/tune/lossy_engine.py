"""An engine whose 16-bit kernels lose precision, as some builders' do, and whose fp32 kernels do not.

It takes the network that it is given at its word: every node rounds its result to the type that the graph gives it. In
the operations that were chosen, a node whose result has 16 bits is computed badly; one whose result is in fp32, for
whatever reason, is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
from onnx.reference import ReferenceEvaluator

from parity.engines.feeds import network_feeds
from parity.engines.precision import PRECISION_FLAG
from parity.engines.tapped_network import TappedNetwork, open_network
from parity.runner import RunnerInfo, Sink
from parity.taps import Tap
from parity.tokens import Phase

__all__ = ["LossyEngine", "LossyRunner", "accumulated_in_bf16", "rounded_in_any_type", "rounded_to_3_bits"]

COMPUTING = ("MatMul", "Mul", "Add")
_CHUNK = 4

Loss = Callable[[ir.Graph, ir.Node], None]
"""Makes a node's result worse, in place."""


@dataclass
class LossyEngine:
    """Opens networks, in place of `parity.session.engines.open_engine`.

    Attributes:
        losses: what happens to results, by pattern of the scope in a node's name: ``layers.*.act``.
        built: of every network that was built, what it says of operations in fp32.
    """

    losses: Mapping[str, Loss] = field(default_factory=dict)
    built: list[str] = field(default_factory=list)

    def __call__(self, engine: str, network: Path, *given: object, **more: object) -> LossyRunner:
        del engine, given, more
        return LossyRunner(open_network(network, graph=None, mapping=None), self)


@dataclass(frozen=True, eq=False)
class LossyRunner:
    """Runs one network."""

    network: TappedNetwork
    engine: LossyEngine

    def describe(self) -> RunnerInfo:
        info = self.network.info
        assert info is not None
        flags = {**info.flags, "losses": ", ".join(self.engine.losses)}
        return RunnerInfo("lossy", info.model, info.dtype, self.network.digest(), self.network.graph, {}, flags)

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        self.engine.built.append(self.describe().flags.get(PRECISION_FLAG, ""))
        path = self.network.path.with_name("lossy.onnx")
        path.write_bytes(ir.to_proto(self._worsened([tap.name for tap in taps])).SerializeToString())
        try:
            evaluator = ReferenceEvaluator(str(path))
            feeds = network_feeds(tuple(evaluator.input_names), phase.tokens, self.network)
            arrays = evaluator.run(None, {name: array.astype(np.int64) for name, array in feeds.items()})
        finally:
            path.unlink()
        captured = dict(zip(evaluator.output_names, arrays, strict=True))
        for tap in taps:
            sink(tap.name, captured[tap.name])

    def seconds(self, phase: Phase, *, repeats: int) -> tuple[float, ...]:
        return (0.002 if PRECISION_FLAG in self.describe().flags else 0.001,) * repeats

    def _worsened(self, taps: Sequence[str]) -> ir.Model:
        model = ir.from_proto(ir.to_proto(self.network.model))
        for node in list(model.graph):
            scope = str(node.name).partition("/")[0]
            for pattern, loss in self.engine.losses.items():
                if node.op_type in COMPUTING and fnmatchcase(scope, pattern):
                    loss(model.graph, node)
        values = {value.name: value for node in model.graph for value in node.outputs}
        known = {output.name for output in model.graph.outputs}
        model.graph.outputs.extend(values[tap] for tap in taps if tap not in known)
        return model


def rounded_to_3_bits(graph: ir.Graph, node: ir.Node) -> None:
    """A 16-bit result keeps 3 of its 11 bits."""
    if node.outputs[0].dtype == ir.DataType.FLOAT16:
        rounded_in_any_type(graph, node)


def rounded_in_any_type(graph: ir.Graph, node: ir.Node) -> None:
    """A result keeps 3 bits, whatever its type: a kernel that is simply wrong."""
    after = _After(graph, node)
    after.replace(after.rounded(node.outputs[0], ir.DataType.FLOAT8E5M2))


def accumulated_in_bf16(graph: ir.Graph, node: ir.Node) -> None:
    """A product with a 16-bit result is summed in chunks of 4 terms, and every partial sum rounded to bf16."""
    if node.op_type != "MatMul" or node.outputs[0].dtype != ir.DataType.FLOAT16:
        return
    after = _After(graph, node)
    length = _terms(node)
    total = after.rounded(after.product(0, _CHUNK))
    for start in range(_CHUNK, length, _CHUNK):
        total = after.rounded(after.op("Add", total, after.product(start, min(start + _CHUNK, length))))
    after.replace(total)


class _After:
    """New nodes behind one node, whose readers then read the last of them."""

    def __init__(self, graph: ir.Graph, node: ir.Node) -> None:
        self._graph, self._node, self._last, self._count = graph, node, node, 0
        self._readers = tuple(node.outputs[0].uses())

    def op(self, kind: str, *inputs: ir.Value | None, dtype: ir.DataType | None = None, **more: Any) -> ir.Value:
        self._count += 1
        name = f"{self._node.name}/lossy.{self._count}"
        made = ir.node(kind, inputs, more, name=name)
        made.outputs[0].name, made.outputs[0].dtype = name, dtype or self._node.outputs[0].dtype
        self._graph.insert_after(self._last, made)
        self._last = made
        return made.outputs[0]

    def rounded(self, value: ir.Value, dtype: ir.DataType = ir.DataType.BFLOAT16) -> ir.Value:
        coarse = self.op("Cast", value, dtype=dtype, to=dtype)
        return self.op("Cast", coarse, to=self._node.outputs[0].dtype)

    def product(self, start: int, stop: int) -> ir.Value:
        """The node's product over a part of its terms."""
        first, second = self._node.inputs
        left = self.op("Slice", first, *(self._number(n) for n in (start, stop, -1)))
        right = self.op("Slice", second, *(self._number(n) for n in (start, stop, -2)))
        return self.op("MatMul", left, right)

    def replace(self, value: ir.Value) -> None:
        old = self._node.outputs[0]
        old.name, value.name, value.shape = f"{old.name}/as_it_was", old.name, old.shape
        for reader, index in self._readers:
            reader.replace_input_with(index, value)
        self._graph.outputs[:] = [value if output is old else output for output in self._graph.outputs]

    def _number(self, number: int) -> ir.Value:
        name = f"lossy.number.{number}"
        if name not in self._graph.initializers:
            tensor = ir.tensor([number], dtype=ir.DataType.INT64, name=name)
            self._graph.register_initializer(ir.val(name, const_value=tensor))
        return self._graph.initializers[name]


def _terms(node: ir.Node) -> int:
    """Columns of the stored weight, which is transposed before the product."""
    weight = node.inputs[1]
    assert weight is not None
    transpose = weight.producer()
    assert transpose is not None
    stored = transpose.inputs[0]
    assert transpose.op_type == "Transpose"
    assert stored is not None
    assert stored.const_value is not None
    return int(stored.const_value.shape[1])
