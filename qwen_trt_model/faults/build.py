"""Building a network with faults in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qwen_trt_model.checkpoint_config import read_checkpoint_config
from qwen_trt_model.faults.plant import Plant, planted_ops
from qwen_trt_model.graph.network import build_network

__all__ = ["build_faulty_network", "build_planted_network"]


def build_faulty_network(
    checkpoint_folder: Path, fault_id: str, *, layer: int | None = None, size: str = "", out: Path | None = None
) -> Path:
    """Write the network of a checkpoint with one fault planted into it.

    Args:
        checkpoint_folder: as for `build_network`.
        fault_id: one of `fault_ids`.
        layer: the only layer that gets the fault; None for every place that can have it.
        size: one of the fault's sizes; the usual one where empty.
        out: file to write, beside the weights; ``network.ID.onnx`` or ``network.ID.layerN.onnx`` where None.

    Returns:
        The file.

    Raises:
        ParityError: there is no such fault, size or layer, the model can't have the fault, the fault lies outside the
            layers and `layer` is given; or as for `build_network`.
    """
    name = f"network.{fault_id}.onnx" if layer is None else f"network.{fault_id}.layer{layer}.onnx"
    plant = Plant(fault_id, layer, size)
    return build_planted_network(checkpoint_folder, [plant], out=out or Path(checkpoint_folder) / name)


def build_planted_network(checkpoint_folder: Path, plants: Sequence[Plant], *, out: Path) -> Path:
    """Write the network of a checkpoint with all of `plants` in it.

    Raises:
        ParityError: one of them can't be planted; or as for `build_network`.
    """
    config = read_checkpoint_config(Path(checkpoint_folder))
    ops = planted_ops(tuple(plants), config)
    flags = {"planted_fault": "; ".join(plant.words(config) for plant in plants)}
    return build_network(checkpoint_folder, out=out, ops=ops, flags=flags)
