"""TensorRT as a runner: builds the engines that the asked taps need, runs them, hands out the tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

import numpy as np
import onnx_ir

from parity.engines.feeds import network_feeds
from parity.engines.tapped_network import open_network
from parity.engines.tensorrt.build import build_engine
from parity.engines.tensorrt.cache import EngineCache, EngineKey
from parity.engines.tensorrt.device import Device, current_device
from parity.engines.tensorrt.engine_graph import EngineGraph, engine_graph
from parity.engines.tensorrt.execute import load_engine
from parity.engines.tensorrt.inspect import engine_layers
from parity.engines.tensorrt.installed import Capabilities, capabilities, import_tensorrt, require_dtype
from parity.engines.tensorrt.memory import split_by_memory
from parity.engines.tensorrt.options import TensorRTOptions
from parity.runner import EngineLayer, RunnerInfo, Sink
from parity.taps import Tap, TapGraph
from parity.tokens import Phase, TokenBatch

__all__ = ["ENGINES_FOLDER", "TensorRTRunner"]

ENGINES_FOLDER = "engines"
"""Folder of the engine cache, beside the network."""

_DEFAULT_SHARE = 0.5


class TensorRTRunner:
    """Builds engines from a network and hands out its tensors.

    Args:
        network: the .onnx file; weights beside it are used where they lie.
        graph: taps to look for; only needed where the file does not describe its own.
        mapping: tensor names of taps, and of inputs, that are called otherwise.
        options: see `TensorRTOptions`, as text.
        cache: folder of engines and timing caches; ``engines`` beside the network where None.
        tell: takes a line when a build begins.

    Raises:
        ParityError: TensorRT or a GPU is missing, or can't compute in the network's dtype; the file, its weights or its
            mapping are not as they should be (see `open_network`); an option is unknown.
    """

    def __init__(
        self,
        network: Path,
        *,
        graph: TapGraph | None = None,
        mapping: Mapping[str, str] | None = None,
        options: Mapping[str, str] | None = None,
        cache: Path | None = None,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._options = TensorRTOptions.parse(options or {})
        self._network = open_network(Path(network), graph=graph, mapping=mapping)
        self._cache = EngineCache(cache or Path(network).parent / ENGINES_FOLDER)
        self._tell = tell
        require_dtype(self._network.dtype)
        self._device: Device = current_device()
        self._layers: tuple[EngineLayer, ...] = ()

    @cached_property
    def _digest(self) -> str:
        return self._network.digest()

    @property
    def _able(self) -> Capabilities:
        return capabilities(import_tensorrt())

    def describe(self) -> RunnerInfo:
        """Say what this is; reads the weights once, for their digest."""
        network, info = self._network, self._network.info
        return RunnerInfo(
            name="tensorrt",
            model=info.model if info else network.path.name,
            dtype=network.dtype,
            weights_digest=self._digest,
            graph=network.graph,
            versions={
                "tensorrt": self._able.version,
                "driver": self._device.driver,
                "onnx_ir": onnx_ir.__version__,
            },
            flags={
                "device": self._device.name,
                "types": "strongly typed" if self._able.strongly_typed else self._options.types,
                **{name: str(value) for name, value in self._settings().items() if name not in ("types", "dtype")},
                **(info.flags if info else {}),
            },
            not_observable=network.absent,
        )

    def layers(self) -> tuple[EngineLayer, ...]:
        """The layers of the engines of the last capture."""
        return self._layers

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        """Run `phase` and hand each of `taps` to `sink`, in as many engines as memory asks for.

        Raises:
            ParityError: the network asks for inputs that it can't be given, or TensorRT fails.
        """
        budget = self._options.memory or int(_DEFAULT_SHARE * self._device.free_bytes)
        groups = split_by_memory(taps, phase.tokens, budget=budget)
        self._layers = ()
        for number, group in enumerate(groups, 1):
            part = f", engine {number} of {len(groups)}" if len(groups) > 1 else ""
            self._capture_group(phase.tokens, group, sink, part)

    def _capture_group(self, tokens: TokenBatch, taps: Sequence[Tap], sink: Sink, part: str) -> None:
        network, (batch, length) = self._network, tokens.ids.shape
        tensors = {tap.name: network.tensors[tap.name] for tap in taps}
        graph = engine_graph(network, list(tensors.values()), copies=self._options.copies, batch=batch, tokens=length)
        plan = self._plan(graph, f"{len(taps)} taps, {batch} x {length} tokens{part}")
        with load_engine(plan, at=f"the engine of {network.path}") as engine:
            self._layers += engine_layers(engine.engine)
            names = engine.names(inputs=True)
            outputs = engine.run(network_feeds(names, tokens, network))
        for name, tensor in tensors.items():
            sink(name, np.ascontiguousarray(outputs[graph.outputs[tensor]]))

    def _plan(self, graph: EngineGraph, words: str) -> bytes:
        key = EngineKey(
            graph=graph.digest,
            weights=self._digest,
            settings={name: str(value) for name, value in self._settings().items()},
            device=f"{self._device.name} {self._device.compute_capability}",
            driver=self._device.driver,
            tensorrt=self._able.version,
        )

        def build(timing_cache: Path) -> bytes:
            self._tell(f"building a TensorRT {self._able.version} engine for {self._device.name}: {words}")
            return build_engine(
                graph,
                dtype=self._network.dtype,
                options=self._options,
                weights_folder=self._network.path.parent,
                timing_cache=timing_cache,
            )

        return self._cache.get(key, build)

    def _settings(self) -> dict[str, object]:
        """What the engine itself depends on, beside its graph."""
        settings: dict[str, object] = asdict(self._options)
        del settings["memory"]
        return {"dtype": self._network.dtype, **settings}
