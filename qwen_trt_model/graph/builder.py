"""Recording the nodes of one network, with the names that people will read in Netron and in TensorRT's log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from parity.taps import TapGraph, decoder_taps
from qwen_trt_model.checkpoint import Checkpoint
from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.graph.weights import external_tensor, inline_tensor, onnx_dtype

__all__ = ["OPSET", "GraphBuilder"]

OPSET = 17
"""The newest operator set that TensorRT 8.6 reads."""

_IR_VERSION = 8  # the version of the file format that came with opset 17


class GraphBuilder:
    """Nodes, initializers and named taps of a network under construction.

    Args:
        checkpoint: where the weights lie.
        weights_as_inputs: make every weight an input of the graph instead of a pointer into the checkpoint's file.

    Attributes:
        checkpoint: where the weights lie.
        dtype: what the network computes in, as ONNX names it.
        weight_inputs: the weights that are inputs, by TensorRT-LLM's name.
    """

    def __init__(self, checkpoint: Checkpoint, *, weights_as_inputs: bool = False) -> None:
        self.checkpoint = checkpoint
        self.weight_inputs: dict[str, ir.Value] = {}
        self._weights_as_inputs = weights_as_inputs
        self.dtype = onnx_dtype(checkpoint.config.dtype)
        self._taps: TapGraph = decoder_taps(checkpoint.config.decoder_shape)
        self._tape = ir.tape.Tape()
        self._initializers: dict[Any, ir.Value] = {}
        self._named: set[ir.Value] = set()
        self._inputs: dict[str, ir.Value] = {}
        self._tapped: dict[str, ir.Value] = {}
        self._pending = 0
        self._name_counts: Counter[str] = Counter()

    @property
    def config(self) -> QwenConfig:
        """Sizes and constants of the model."""
        return self.checkpoint.config

    def input(self, name: str, *axes: str | int, dtype: ir.DataType = ir.DataType.INT64) -> ir.Value:
        """An input of the network; axes that have names are dynamic."""
        value = ir.val(name, dtype=dtype, shape=axes)
        self._named.add(value)
        self._inputs[name] = value
        return value

    def given(self, name: str) -> ir.Value:
        """An input that `input` made."""
        return self._inputs[name]

    def op(self, op_type: str, *inputs: ir.Value, dtype: ir.DataType | None = None, **attributes: Any) -> ir.Value:
        """Append a node of one output.

        Args:
            op_type: operator of the standard ONNX set.
            inputs: its operands.
            dtype: type of the output, that of the first input where None.
            attributes: the node's attributes.
        """
        value = self._tape.op(op_type, inputs, attributes)
        value.dtype = dtype or _dtype_of(inputs[0])
        return value

    def split(self, x: ir.Value, sizes: Sequence[int], *, axis: int = -1) -> tuple[ir.Value, ...]:
        """Cut `x` along `axis` into parts of `sizes`."""
        inputs = [x, self.constant(sizes, "int64")]
        values = self._tape.op_multi_out("Split", inputs, {"axis": axis}, num_outputs=len(sizes))
        for value in values:
            value.dtype = _dtype_of(x)
        return tuple(values)

    def reshape(self, x: ir.Value, *sizes: int) -> ir.Value:
        """`x` with other axes: 0 keeps the axis of the same index, one -1 takes what is left."""
        return self.op("Reshape", x, self.constant(sizes, "int64"))

    def cast(self, x: ir.Value, dtype: ir.DataType) -> ir.Value:
        """`x` in another type; no node where it has that type already."""
        return x if x.dtype == dtype else self.op("Cast", x, dtype=dtype, to=dtype)

    def constant(self, values: npt.ArrayLike, dtype: str) -> ir.Value:
        """A small constant, stored once in the graph.

        Args:
            values: numbers; a single number becomes a scalar.
            dtype: numpy's name.
        """
        array = np.asarray(values)
        key = (dtype, array.shape, array.dtype.str, array.tobytes())
        if key not in self._initializers:
            name = f"constant.{len(self._initializers)}"
            self._initializers[key] = self._initializer(inline_tensor(array, dtype, name=name))
        return self._initializers[key]

    def weight(self, name: str) -> ir.Value:
        """The tensor of that TensorRT-LLM name, in the checkpoint's file or as an input."""
        if self._weights_as_inputs:
            return self._weight_input(name)
        if name not in self._initializers:
            self._initializers[name] = self._initializer(external_tensor(self.checkpoint, name))
        return self._initializers[name]

    def tap(self, value: ir.Value, name: str) -> ir.Value:
        """Give `value` the name and the shape of a tap; its type stays its own."""
        if value in self._named:
            value = self.op("Identity", value)
        self.name_nodes(name)
        value.name = name
        value.shape = ir.Shape(_named_axes(self._taps, name))
        self._named.add(value)
        self._tapped[name] = value
        return value

    def show(self, value: ir.Value, name: str) -> None:
        """Let the capture of an earlier tap show `value`, as where an engine overwrites a tensor's memory.

        What was computed from the tap stays as it is.
        """
        self._tapped[name].name = f"{name}/overwritten"
        self.tap(self.op("Identity", value), name)

    def name_nodes(self, scope: str) -> None:
        """Name every node since the last call ``scope/Operator``, numbered where there are several, and its outputs."""
        nodes = self._tape.nodes[self._pending :]
        for node in nodes:
            name = f"{scope}/{node.op_type}"
            node.name = f"{name}_{self._name_counts[name]}" if self._name_counts[name] else name
            self._name_counts[name] += 1
            for index, output in enumerate(node.outputs):
                if output not in self._named:
                    output.name = f"{node.name}:{index}"
        self._pending += len(nodes)

    def finish(
        self, inputs: Sequence[ir.Value], outputs: Sequence[ir.Value], *, properties: dict[str, str]
    ) -> ir.Model:
        """The model of everything recorded.

        Args:
            inputs: what `input` gave.
            outputs: values to give back.
            properties: metadata of the model.
        """
        graph = ir.Graph(
            inputs,
            outputs,
            nodes=self._tape.nodes,
            initializers=self._tape.initializers,
            opset_imports={"": OPSET},
            name=self.config.architecture,
        )
        return ir.Model(graph, ir_version=_IR_VERSION, producer_name="layer-parity", metadata_props=properties)

    def _weight_input(self, name: str) -> ir.Value:
        if name not in self.weight_inputs:
            shape = self.checkpoint.tensors[name].shape
            self.weight_inputs[name] = self.input(name, *shape, dtype=self.dtype)
        return self.weight_inputs[name]

    def _initializer(self, tensor: ir.TensorProtocol) -> ir.Value:
        value = self._tape.initializer(tensor)
        self._named.add(value)
        return value


def _dtype_of(value: ir.Value) -> ir.DataType:
    assert value.dtype is not None, value
    return value.dtype


def _named_axes(taps: TapGraph, name: str) -> list[str | int]:
    tap = taps[name]
    # Without past keys, there are as many keys as tokens.
    axes = ("token" if axis == "key" else axis for axis in tap.axes)
    return [axis if size is None else size for axis, size in zip(axes, tap.sizes, strict=True)]
