"""An .onnx file seen as taps: which tensor is which tap, and the same graph with those tensors as outputs."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx_ir as ir

from parity.digest import weights_digest
from parity.engines.network_info import NetworkInfo, layout_digest
from parity.errors import ParityError
from parity.taps import TapGraph, decoder_taps

__all__ = ["INPUT_NAMES", "TappedNetwork", "open_network", "with_outputs"]

INPUT_NAMES = ("input_ids", "position_ids", "attention_mask")
"""Names of a network's inputs; a mapping may give others for them."""

_FLOATS = {
    ir.DataType.DOUBLE: "float64",
    ir.DataType.FLOAT: "float32",
    ir.DataType.FLOAT16: "float16",
    ir.DataType.BFLOAT16: "bfloat16",
}


@dataclass(frozen=True, eq=False)
class TappedNetwork:
    """A network whose tensors are taps.

    Attributes:
        path: the .onnx file.
        model: what it holds; external weights are not read.
        info: what it says about itself; None where something else than this package made it.
        graph: the taps that it has, in graph order.
        tensors: the tensor of each of them.
        absent: taps that it should have and has not, each with the reason.
        inputs: the tensor name of each of `INPUT_NAMES`, where another than its own was given.
    """

    path: Path
    model: ir.Model
    info: NetworkInfo | None
    graph: TapGraph
    tensors: Mapping[str, str]
    absent: Mapping[str, str]
    inputs: Mapping[str, str]

    @property
    def dtype(self) -> str:
        """What it computes in: as it says, otherwise the floating-point type that most weights have."""
        return self.info.dtype if self.info else _common_dtype(self.model, self.path)

    def digest(self) -> str:
        """SHA-256 of its weights: of the folder they lie in, or of the initializers where that is unknown."""
        return weights_digest(self.path.parent) if self.info else _initializers_digest(self.model)


def with_outputs(model: ir.Model, tensors: Sequence[str]) -> bytes:
    """`model`, serialized, with `tensors` as outputs beside its own; it stays as it is, and its weights outside."""
    graph = model.graph
    own = list(graph.outputs)
    known = {output.name for output in own}
    values = _values(model)
    graph.outputs.extend(values[name] for name in dict.fromkeys(tensors) if name not in known)
    try:
        return bytes(ir.to_proto(model).SerializeToString())
    finally:
        graph.outputs[:] = own


def open_network(path: Path, *, graph: TapGraph | None, mapping: Mapping[str, str] | None) -> TappedNetwork:
    """Read an .onnx file and find the taps among its tensors.

    Args:
        path: the file; its weights may lie beside it.
        graph: taps to look for beside those that the file itself describes.
        mapping: tensor name of each tap, and of each of `INPUT_NAMES`, that is called otherwise.

    Raises:
        ParityError: the file is missing or damaged; its weights are missing or have another layout; it describes no
            taps and `graph` is None; the mapping names what does not exist; no tap is in it.
    """
    model = _load(path)
    info = NetworkInfo.from_properties(model.metadata_props, at=str(path))
    _require_weights(model, path, info)
    wanted = _wanted_taps(path, info, graph)
    mapping = dict(mapping or {})
    inputs = {name: mapping.pop(name) for name in INPUT_NAMES if name in mapping}
    _check_mapping(mapping, wanted, model, path)
    values = _values(model)
    tensors = {tap.name: mapping.get(tap.name, tap.name) for tap in wanted}
    present = TapGraph(tuple(tap for tap in wanted if tensors[tap.name] in values))
    if not len(present):
        raise ParityError(
            f"{path}: none of the {len(wanted)} taps is the name of a tensor in it",
            cure="give a mapping from taps to tensor names; open the file in Netron to see those",
        )
    absent = {
        tap.name: f"{path.name} has no tensor {tap.name!r}, and no mapping gives another name for it"
        for tap in wanted
        if tap.name not in present
    }
    return TappedNetwork(path, model, info, present, tensors, absent, inputs)


def _load(path: Path) -> ir.Model:
    if not path.is_file():
        raise ParityError(f"{path}: no such file", cure="build it, or give the path of an .onnx file")
    try:
        return ir.load(path)
    # protobuf's and onnx_ir's errors share no base class, and each means the same: not an ONNX model.
    except Exception as error:
        raise ParityError(
            f"{path}: not an ONNX model, or damaged ({type(error).__name__}: {str(error)[:200]})",
            cure="build or export it again",
        ) from error


def _require_weights(model: ir.Model, path: Path, info: NetworkInfo | None) -> None:
    external = [
        value.const_value
        for value in model.graph.initializers.values()
        if isinstance(value.const_value, ir.ExternalTensor)
    ]
    missing = sorted({str(tensor.location) for tensor in external if not (path.parent / tensor.location).is_file()})
    if missing:
        raise ParityError(
            f"{path}: its weights are missing: {', '.join(missing)}", cure="keep them beside the .onnx file"
        )
    if info is not None and layout_digest(path.parent) != info.weights_layout:
        raise ParityError(
            f"{path}: was built for other weights than those that lie beside it now", cure="build the network again"
        )


def _wanted_taps(path: Path, info: NetworkInfo | None, graph: TapGraph | None) -> TapGraph:
    if info is None and graph is None:
        raise ParityError(
            f"{path}: does not say which taps it has", cure="give the reference too, so that its taps are known"
        )
    own = decoder_taps(info.shape) if info else TapGraph(())
    return own | graph if graph is not None else own


def _check_mapping(mapping: Mapping[str, str], wanted: TapGraph, model: ir.Model, path: Path) -> None:
    if unknown := sorted(set(mapping) - set(wanted.names)):
        raise ParityError(
            f"the mapping gives names for what is no tap: {', '.join(unknown)}",
            cure=f"taps are called like {', '.join(wanted.names[:4])}; inputs {', '.join(INPUT_NAMES)}",
        )
    values = _values(model)
    if missing := sorted(tensor for tensor in mapping.values() if tensor not in values):
        raise ParityError(
            f"{path}: the mapping names tensors that are not in it: {', '.join(missing)}",
            cure="open the file in Netron to see the names of its tensors",
        )


def _values(model: ir.Model) -> dict[str, ir.Value]:
    """Everything that can be an output: what the nodes of the main graph put out, by name."""
    return {value.name: value for node in model.graph for value in node.outputs if value.name}


def _common_dtype(model: ir.Model, path: Path) -> str:
    elements: Counter[str] = Counter()
    for value in model.graph.initializers.values():
        if value.dtype in _FLOATS and value.const_value is not None:
            elements[_FLOATS[value.dtype]] += value.const_value.size
    if not elements:
        raise ParityError(f"{path}: has no floating-point weights, so what it computes in is unknown")
    return elements.most_common(1)[0][0]


def _initializers_digest(model: ir.Model) -> str:
    sha = hashlib.sha256()
    for name, value in sorted(model.graph.initializers.items()):
        tensor = value.const_value
        if tensor is not None:
            sha.update(f"{name} {tensor.dtype.name} {list(tensor.shape)}".encode())
            sha.update(tensor.tobytes())
    return sha.hexdigest()
