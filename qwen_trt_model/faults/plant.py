"""Which fault goes where, in words that fit into a file name or another process."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parity.errors import ParityError
from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault, Size
from qwen_trt_model.faults.registry import get_fault
from qwen_trt_model.graph.ops import NetworkOps, Ops

__all__ = ["Plant", "planted_ops"]


@dataclass(frozen=True)
class Plant:
    """One fault at one place.

    Attributes:
        fault_id: one of `fault_ids`.
        layer: the only layer that gets it; None for every place that can have it.
        size: name of one of its sizes; the usual one where empty.
        seed: draws a size at random instead; None where `size` says it.
    """

    fault_id: str
    layer: int | None = None
    size: str = ""
    seed: int | None = None

    @property
    def fault(self) -> Fault:
        """The fault of that id."""
        return get_fault(self.fault_id)

    def sized(self, config: QwenConfig) -> Size:
        """The size that it has in a model.

        Raises:
            ParityError: the fault has no such size, or none that can be drawn.
        """
        fault = self.fault
        if self.seed is None:
            return fault.size(self.size)
        if fault.draw is None:
            raise ParityError(f"fault {fault.id} ({fault.title}) has no sizes to draw from", cure="leave out the seed")
        return fault.draw(np.random.default_rng(self.seed), config)

    def expected_tap(self, config: QwenConfig) -> str:
        """Name of the first tap that differs."""
        layer = config.num_hidden_layers - 1 if self.fault.last_layer else self.layer
        return self.fault.expected_tap(layer, size=self.sized(config))

    def words(self, config: QwenConfig) -> str:
        """``A06 gate-up-swapped, everywhere``."""
        size = self.sized(config).name
        where = "everywhere" if self.layer is None else f"in layer {self.layer}"
        return f"{self.fault_id} {self.fault.title}{f' ({size})' if size else ''}, {where}"

    def check(self, config: QwenConfig) -> None:
        """Raise where the model can't have the fault there.

        Raises:
            ParityError: there is no such fault, size or layer, the model can't have the fault, or it lies outside the
                layers and one is given.
        """
        fault = self.fault
        self.sized(config)
        if obstacle := fault.obstacle(config):
            raise ParityError(
                f"fault {fault.id} ({fault.title}) can't be planted: {obstacle}", cure="choose another fault or model"
            )
        if self.layer is None:
            return
        if not fault.one_layer:
            raise ParityError(f"fault {fault.id} ({fault.title}) lies outside the layers", cure="leave out the layer")
        if not 0 <= self.layer < config.num_hidden_layers:
            raise ParityError(f"there is no layer {self.layer}", cure=f"layers are 0 to {config.num_hidden_layers - 1}")


def planted_ops(plants: tuple[Plant, ...], config: QwenConfig, *, sound: Ops | None = None) -> NetworkOps:
    """The ops of a network with all of `plants`; where two of them replace the same op, the last one stays.

    Raises:
        ParityError: one of them can't be planted.
    """
    for plant in plants:
        plant.check(config)
    everywhere = sound or Ops()
    for plant in plants:
        if plant.layer is None:
            everywhere = plant.sized(config).apply(everywhere)
    layers: dict[int, Ops] = {}
    for plant in plants:
        if plant.layer is not None:
            layers[plant.layer] = plant.sized(config).apply(layers.get(plant.layer, everywhere))
    return NetworkOps(everywhere=everywhere, layers=layers)
