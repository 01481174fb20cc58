"""A TensorRT engine that was built elsewhere: what it puts out is what can be compared."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from parity.dtypes import dtype_info
from parity.engines.feeds import INPUT_NAMES, feeds_for
from parity.engines.tensorrt.device import current_device
from parity.engines.tensorrt.execute import LoadedEngine, load_engine
from parity.engines.tensorrt.inspect import engine_layers, swallowing_layer
from parity.engines.tensorrt.installed import capabilities, import_tensorrt
from parity.errors import ParityError
from parity.runner import COPY_SUFFIX, EngineLayer, RunnerInfo, Sink
from parity.taps import Tap, TapGraph
from parity.tokens import Phase

__all__ = ["PlanRunner"]


class PlanRunner:
    """Runs the engine in a .plan (or .engine) file.

    Args:
        path: the file.
        graph: taps of the reference; a plan does not describe its own.
        mapping: names of outputs of taps, and of inputs, that are called otherwise.
        options: ``dtype``, what it computes in; the type of most of its outputs where it is not given.

    Raises:
        ParityError: TensorRT or a GPU is missing, the file is missing or can't be read here, it has none of the taps,
            or the mapping names what does not exist.
    """

    def __init__(
        self, path: Path, *, graph: TapGraph, mapping: Mapping[str, str] | None, options: Mapping[str, str]
    ) -> None:
        if not path.is_file():
            raise ParityError(f"{path}: no such file", cure="give the path of an engine that TensorRT built")
        import_tensorrt()
        self._path = path
        self._plan = path.read_bytes()
        self._device = current_device()
        with load_engine(self._plan, at=str(path)) as engine:
            self._outputs = _outputs_of_taps(engine, graph, dict(mapping or {}), path)
            self._inputs = {name: tensor for name, tensor in (mapping or {}).items() if name in INPUT_NAMES}
            self._layers: tuple[EngineLayer, ...] = engine_layers(engine.engine)
            self._dtype = dtype_info(options["dtype"]).name if "dtype" in options else _common_dtype(engine, path)
        self._graph = graph

    def describe(self) -> RunnerInfo:
        """Say what this is, and which layer swallowed each tap that it does not put out."""
        return RunnerInfo(
            name="tensorrt",
            model=self._path.name,
            dtype=self._dtype,
            weights_digest=hashlib.sha256(self._plan).hexdigest(),
            graph=self._graph,
            versions={"tensorrt": capabilities(import_tensorrt()).version, "driver": self._device.driver},
            flags={"device": self._device.name, "weights_digest": "of the plan, weights and kernels together"},
            not_observable={tap.name: self._why_not(tap) for tap in self._graph if tap.name not in self._outputs},
        )

    def layers(self) -> tuple[EngineLayer, ...]:
        """The layers of the engine."""
        return self._layers

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        """Run `phase` once and hand each of `taps` to `sink`.

        Raises:
            ParityError: the engine asks for inputs that it can't be given (as engines with a cache or packed tokens
                do), was built for other lengths, or fails.
        """
        with load_engine(self._plan, at=str(self._path)) as engine:
            feeds = feeds_for(engine.names(inputs=True), phase.tokens, self._inputs, at=str(self._path))
            outputs = engine.run(feeds)
        for tap in taps:
            sink(tap.name, np.ascontiguousarray(outputs[self._outputs[tap.name]]))

    def _why_not(self, tap: Tap) -> str:
        layer = swallowing_layer(self._layers, tap.name, self._graph.names)
        inside = f"it is computed inside of {layer.short_name}" if layer else "no layer of the engine names it"
        return f"{self._path.name} does not put it out: {inside}"


def _outputs_of_taps(engine: LoadedEngine, graph: TapGraph, mapping: dict[str, str], path: Path) -> dict[str, str]:
    there = set(engine.names(inputs=False))
    if unknown := sorted(tensor for tap, tensor in mapping.items() if tap in graph.names and tensor not in there):
        raise ParityError(
            f"{path}: the mapping names outputs that it has not: {', '.join(unknown)}",
            cure=f"its outputs are {', '.join(sorted(there)[:8])}",
        )
    names = {tap.name: (mapping.get(tap.name, tap.name), f"{tap.name}{COPY_SUFFIX}") for tap in graph}
    found = {tap: next((name for name in known if name in there), None) for tap, known in names.items()}
    outputs = {tap: name for tap, name in found.items() if name is not None}
    if not outputs:
        raise ParityError(
            f"{path}: none of its {len(there)} outputs is a tap: {', '.join(sorted(there)[:8])}",
            cure="mark tensors under the names of taps, or give a mapping from taps to outputs",
        )
    return outputs


def _common_dtype(engine: LoadedEngine, path: Path) -> str:
    kinds = Counter(engine.dtype(name) for name in engine.names(inputs=False))
    floats = [dtype for dtype, _ in kinds.most_common() if dtype in ("float16", "float32", "bfloat16")]
    if not floats:
        raise ParityError(f"{path}: has no floating-point outputs, so what it computes in is unknown")
    return floats[0]
