"""TensorRT for graphs whose weights are inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy.typing as npt
import onnx_ir as ir

from parity.engines.tensorrt.engine_graph import EngineGraph, engine_graph
from parity.engines.tensorrt.execute import LoadedEngine, load_engine
from parity.engines.tensorrt.factory import EngineFactory
from parity.engines.tensorrt.inspect import engine_layers
from parity.runner import EngineLayer

__all__ = ["TensorRTGraphs"]


class TensorRTGraphs:
    """A `GraphEngine` of this machine's GPU.

    Args:
        factory: where engines come from.
        dtype: numpy's name of what the graphs compute in.
    """

    def __init__(self, factory: EngineFactory, *, dtype: str) -> None:
        self._factory = factory
        self._dtype = dtype
        self._layers: tuple[EngineLayer, ...] = ()

    @property
    def name(self) -> str:
        """``tensorrt``."""
        return "tensorrt"

    def versions(self) -> Mapping[str, str]:
        """Library and driver versions by name."""
        return self._factory.versions()

    def flags(self) -> Mapping[str, str]:
        """Numeric settings by name."""
        return self._factory.flags()

    def layers(self) -> tuple[EngineLayer, ...]:
        """The layers of every engine opened so far."""
        return self._layers

    @contextmanager
    def open(
        self, model: ir.Model, outputs: Sequence[str], *, shapes: Mapping[str, tuple[int, ...]]
    ) -> Iterator[TensorRTSession]:
        """A session of `model` that puts out the tensors `outputs`, for inputs of exactly `shapes`."""
        graph = engine_graph(model, outputs, copies=self._factory.options.copies, shapes=shapes)
        folder = self._factory.cache.folder
        folder.mkdir(parents=True, exist_ok=True)
        words = f"{model.graph.name}, {len(outputs)} taps"
        plan = self._factory.plan(graph, dtype=self._dtype, weights="", weights_folder=folder, words=words)
        with load_engine(plan, at=f"the engine of {model.graph.name}") as engine:
            self._layers += engine_layers(engine.engine)
            yield TensorRTSession(engine, graph)


class TensorRTSession:
    """A `GraphSession`; `TensorRTGraphs.open` makes it."""

    def __init__(self, engine: LoadedEngine, graph: EngineGraph) -> None:
        self._engine = engine
        self._graph = graph

    def run(self, feeds: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """What the graph puts out for `feeds`."""
        asked = set(self._engine.names(inputs=True))
        outputs = self._engine.run({name: array for name, array in feeds.items() if name in asked})
        return {tensor: outputs[name] for tensor, name in self._graph.outputs.items()}
