"""Building a network with a fault in it."""

from __future__ import annotations

from pathlib import Path

from parity.errors import ParityError
from qwen_trt_model.checkpoint_config import read_checkpoint_config
from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault
from qwen_trt_model.faults.registry import get_fault
from qwen_trt_model.graph.network import build_network
from qwen_trt_model.graph.ops import NetworkOps, Ops

__all__ = ["build_faulty_network"]


def build_faulty_network(
    checkpoint_folder: Path, fault_id: str, *, layer: int | None = None, out: Path | None = None
) -> Path:
    """Write the network of a checkpoint with one fault planted into it.

    Args:
        checkpoint_folder: as for `build_network`.
        fault_id: one of `fault_ids`.
        layer: the only layer that gets the fault; None for every place that can have it.
        out: file to write, beside the weights; ``network.ID.onnx`` or ``network.ID.layerN.onnx`` where None.

    Returns:
        The file.

    Raises:
        ParityError: there is no such fault or layer, the model can't have the fault, the fault lies outside the layers
            and `layer` is given; or as for `build_network`.
    """
    fault = get_fault(fault_id)
    config = read_checkpoint_config(Path(checkpoint_folder))
    _check(fault, config, layer)
    faulty = fault.apply(Ops())
    ops = NetworkOps(everywhere=faulty) if layer is None else NetworkOps(layers={layer: faulty})
    where = "everywhere" if layer is None else f"in layer {layer}"
    name = f"network.{fault.id}.onnx" if layer is None else f"network.{fault.id}.layer{layer}.onnx"
    return build_network(
        checkpoint_folder,
        out=out or Path(checkpoint_folder) / name,
        ops=ops,
        flags={"planted_fault": f"{fault.id} {fault.title}, {where}"},
    )


def _check(fault: Fault, config: QwenConfig, layer: int | None) -> None:
    if obstacle := fault.obstacle(config):
        raise ParityError(
            f"fault {fault.id} ({fault.title}) can't be planted: {obstacle}", cure="choose another fault or model"
        )
    if layer is None:
        return
    if not fault.one_layer:
        raise ParityError(f"fault {fault.id} ({fault.title}) lies outside the layers", cure="leave out the layer")
    if not 0 <= layer < config.num_hidden_layers:
        raise ParityError(f"there is no layer {layer}", cure=f"layers are 0 to {config.num_hidden_layers - 1}")
