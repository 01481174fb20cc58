"""Running a model layer by layer in one engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from parity.dtypes import dtype_info
from parity.engines.feeds import INPUT_NAMES
from parity.engines.graph_engine import GraphEngine, GraphSession
from parity.layerwise.parts import HIDDEN, ModelParts
from parity.runner import EngineLayer, RunnerInfo, Sink
from parity.taps import Tap, decoder_taps
from parity.tokens import Phase, TokenBatch

__all__ = ["LayerwiseRunner", "Streams"]

Streams = Callable[[str], Mapping[str, npt.NDArray[Any]]]
"""Gives the reference's residual stream by tap (``embed``, ``layers.{i}.resid_out``) for the phase of that name."""

_FIRST = "layers.0."
_STREAM = f"{_FIRST}resid_out"


class LayerwiseRunner:
    """A `parity.runner.Runner` that runs one layer after the other.

    Args:
        parts: the model.
        engine: what runs the parts.
        streams: the reference's residual stream for ``isolated`` layers; None to chain them.
    """

    def __init__(self, parts: ModelParts, engine: GraphEngine, *, streams: Streams | None = None) -> None:
        self._parts = parts
        self._engine = engine
        self._streams = streams

    def describe(self) -> RunnerInfo:
        """Say what this is; reads the weights once, for their digest."""
        parts, feeding = self._parts, "isolated" if self._streams else "chained"
        return RunnerInfo(
            name=self._engine.name,
            model=parts.model,
            dtype=parts.dtype,
            weights_digest=parts.weights_digest(),
            graph=decoder_taps(parts.shape),
            versions=self._engine.versions(),
            flags={**self._engine.flags(), "layers": feeding, "embedding": "looked up outside the engine"},
        )

    def layers(self) -> tuple[EngineLayer, ...]:
        """The layers of the engines that ran."""
        return self._engine.layers()

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        """Run `phase` through embedding, every layer and the head, and hand each of `taps` to `sink`.

        Raises:
            ParityError: the engine fails.
        """
        asked = {tap.name for tap in taps}
        embedded = self._parts.embedded(phase.tokens.ids)
        if "embed" in asked:
            sink("embed", embedded)
        streams = None if self._streams is None else self._streams(phase.name)
        last = self._run_layers(phase.tokens, embedded, streams, taps, sink)
        outside = [name for name in ("final_norm", "logits") if name in asked]
        if outside:
            self._run_head(self._input(streams, self._parts.shape.layers, last), outside, sink)

    def _run_layers(
        self,
        tokens: TokenBatch,
        embedded: npt.NDArray[Any],
        streams: Mapping[str, npt.NDArray[Any]] | None,
        taps: Sequence[Tap],
        sink: Sink,
    ) -> npt.NDArray[Any]:
        """Run every layer and return the stream behind the last; one engine puts out what any layer is asked for."""
        asked = {tap.name for tap in taps}
        kinds = dict.fromkeys([*(tap.kind for tap in taps if tap.layer is not None), "resid_out"])
        inputs = dict(zip(INPUT_NAMES, (tokens.ids, tokens.positions, tokens.mask.astype(np.int64)), strict=True))
        stream = embedded
        model = self._parts.layer()
        with self._open(model, [_FIRST + kind for kind in kinds], {**inputs, HIDDEN: embedded}, 0) as session:
            for layer in range(self._parts.shape.layers):
                feeds = {**inputs, HIDDEN: self._input(streams, layer, stream), **self._parts.layer_weights(layer)}
                arrays = session.run(_known(model, feeds))
                stream = arrays[_STREAM].astype(stream.dtype)
                for kind in kinds:
                    name = f"layers.{layer}.{kind}"
                    if name in asked:
                        sink(name, np.ascontiguousarray(arrays[_FIRST + kind]))
        return stream

    def _run_head(self, stream: npt.NDArray[Any], names: Sequence[str], sink: Sink) -> None:
        model = self._parts.head()
        feeds = {HIDDEN: stream, **self._parts.head_weights()}
        shapes = {name: array.shape for name, array in feeds.items()}
        with self._engine.open(model, names, shapes=shapes) as session:
            arrays = session.run(feeds)
        for name in names:
            sink(name, np.ascontiguousarray(arrays[name]))

    @contextmanager
    def _open(
        self, model: ir.Model, outputs: Sequence[str], inputs: Mapping[str, npt.NDArray[Any]], layer: int
    ) -> Iterator[GraphSession]:
        feeds = _known(model, {**inputs, **self._parts.layer_weights(layer)})
        shapes = {name: array.shape for name, array in feeds.items()}
        with self._engine.open(model, outputs, shapes=shapes) as session:
            yield session

    def _input(
        self, streams: Mapping[str, npt.NDArray[Any]] | None, layer: int, chained: npt.NDArray[Any]
    ) -> npt.NDArray[Any]:
        """What goes into `layer`: the stream before it."""
        if streams is None:
            return chained
        name = "embed" if layer == 0 else f"layers.{layer - 1}.resid_out"
        return streams[name].astype(dtype_info(self._parts.dtype).numpy)


def _known(model: ir.Model, feeds: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    names: Iterable[str] = (str(value.name) for value in model.graph.inputs)
    return {name: feeds[name] for name in names}
