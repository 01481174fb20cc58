"""Telling a weakly typed builder the types that the graph says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import onnx_ir as ir

__all__ = ["set_types"]


def set_types(trt: Any, network: Any, types: Mapping[str, ir.DataType], accumulation: str) -> None:
    """Give every layer of `network` that computes the precision and the output type of its tensor in the graph.

    Args:
        trt: the module.
        network: TensorRT's own object, parsed from the graph.
        types: ONNX type of each named tensor.
        accumulation: as for `TensorRTOptions`.
    """
    known: dict[ir.DataType | None, Any] = {ir.DataType.FLOAT: trt.float32, ir.DataType.FLOAT16: trt.float16}
    for layer in network:
        if layer.type in _idle(trt):
            continue
        for index, output in _outputs(layer):
            wanted = known.get(types.get(output.name))
            if wanted is None or output.dtype not in known.values():
                continue
            if layer.type == trt.LayerType.MATRIX_MULTIPLY and accumulation == "tf32":
                wanted = trt.float32  # the next layer rounds
            layer.precision = wanted
            layer.set_output_type(index, wanted)


def _outputs(layer: Any) -> Iterator[tuple[int, Any]]:
    for index in range(layer.num_outputs):
        yield index, layer.get_output(index)


def _idle(trt: Any) -> set[Any]:
    """Layers that compute nothing: they take the type of what they move."""
    kinds = trt.LayerType
    moving = {kinds.SHUFFLE, kinds.CONCATENATION, kinds.SLICE, kinds.GATHER, kinds.CAST, kinds.IDENTITY}
    return moving | {kinds.CONSTANT, kinds.SHAPE}
