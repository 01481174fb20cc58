"""TensorRT as a runner: builds the engines that the asked taps need, runs them, hands out the tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from parity.engines.feeds import network_feeds
from parity.engines.tapped_network import open_network
from parity.engines.tensorrt.engine_graph import EngineGraph, engine_graph
from parity.engines.tensorrt.execute import load_engine
from parity.engines.tensorrt.factory import open_factory
from parity.engines.tensorrt.inspect import engine_layers
from parity.engines.tensorrt.memory import split_by_memory
from parity.engines.tensorrt.options import TensorRTOptions
from parity.runner import EngineLayer, RunnerInfo, Sink
from parity.taps import Tap, TapGraph
from parity.tokens import Phase, TokenBatch

__all__ = ["ENGINES_FOLDER", "TensorRTRunner"]

ENGINES_FOLDER = "engines"
"""Folder of the engine cache, beside the network."""


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
        asked = TensorRTOptions.parse(options or {})
        self._network = open_network(Path(network), graph=graph, mapping=mapping)
        folder = cache or Path(network).parent / ENGINES_FOLDER
        self._factory = open_factory(asked, dtype=self._network.dtype, folder=folder, tell=tell)
        self._layers: tuple[EngineLayer, ...] = ()
        self._engines = 0

    @cached_property
    def _digest(self) -> str:
        return self._network.digest()

    def describe(self) -> RunnerInfo:
        """Say what this is; reads the weights once, for their digest."""
        network, info = self._network, self._network.info
        return RunnerInfo(
            name="tensorrt",
            model=info.model if info else network.path.name,
            dtype=network.dtype,
            weights_digest=self._digest,
            graph=network.graph,
            versions=self._factory.versions(),
            flags={**self._factory.flags(), **(info.flags if info else {})},
            not_observable=network.absent,
        )

    def layers(self) -> tuple[EngineLayer, ...]:
        """The layers of the engines of the last capture."""
        return self._layers

    def engines(self) -> int:
        """How many engines the last capture was split over."""
        return self._engines

    def rebuilt(self) -> TensorRTRunner:
        """The same network in engines whose kernels are chosen by timings of their own."""
        return self._variant(replace(self._factory.options, tactics=self._factory.options.tactics + 1))

    def marked_otherwise(self) -> TensorRTRunner:
        """The same network with taps marked directly, or as copies in fp32 where they were marked directly."""
        options = self._factory.options
        return self._variant(replace(options, copies="fp32" if options.copies == "none" else "none"))

    def _variant(self, options: TensorRTOptions) -> TensorRTRunner:
        other = copy(self)
        other._factory, other._layers = replace(self._factory, options=options), ()
        return other

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        """Run `phase` and hand each of `taps` to `sink`, in as many engines as memory asks for.

        Raises:
            ParityError: the network asks for inputs that it can't be given, or TensorRT fails.
        """
        groups = split_by_memory(taps, phase.tokens, budget=self._factory.output_budget)
        self._layers, self._engines = (), len(groups)
        for number, group in enumerate(groups, 1):
            part = f", engine {number} of {len(groups)}" if len(groups) > 1 else ""
            self._capture_group(phase.tokens, group, sink, part)

    def seconds(self, phase: Phase, *, repeats: int) -> tuple[float, ...]:
        """What the kernels take in each of `repeats` runs of an engine without marked taps.

        Raises:
            ParityError: as for `capture`, or TensorRT tells no times.
        """
        network = self._network
        _, plan = self._built((), phase.tokens, "nothing marked")
        with load_engine(plan, at=f"the engine of {network.path}") as engine:
            feeds = network_feeds(engine.names(inputs=True), phase.tokens, network)
            return engine.kernel_seconds(feeds, repeats=repeats)

    def _capture_group(self, tokens: TokenBatch, taps: Sequence[Tap], sink: Sink, part: str) -> None:
        network = self._network
        tensors = {tap.name: network.tensors[tap.name] for tap in taps}
        graph, plan = self._built(list(tensors.values()), tokens, f"{len(taps)} taps", part)
        with load_engine(plan, at=f"the engine of {network.path}") as engine:
            self._layers += engine_layers(engine.engine)
            outputs = engine.run(network_feeds(engine.names(inputs=True), tokens, network))
        for name, tensor in tensors.items():
            sink(name, np.ascontiguousarray(outputs[graph.outputs[tensor]]))

    def _built(
        self, tensors: Sequence[str], tokens: TokenBatch, words: str, part: str = ""
    ) -> tuple[EngineGraph, bytes]:
        """The graph that puts out `tensors` for these lengths, and its engine."""
        network, (batch, length) = self._network, tokens.ids.shape
        shapes = {str(value.name): (batch, length) for value in network.model.graph.inputs}
        graph = engine_graph(network.model, tensors, copies=self._factory.options.copies, shapes=shapes)
        plan = self._factory.plan(
            graph,
            dtype=network.dtype,
            weights=self._digest,
            weights_folder=network.path.parent,
            words=f"{words}, {batch} x {length} tokens{part}",
        )
        return graph, plan
