"""ONNX Runtime: runs any .onnx file whose tensors carry the names of taps, on the CPU."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir

from parity.engines.feeds import network_feeds
from parity.engines.marking import mark_outputs
from parity.engines.onnxruntime_inspect import FirstRun
from parity.engines.onnxruntime_options import OnnxRuntimeOptions
from parity.engines.onnxruntime_probe import (
    CPU,
    import_onnxruntime,
    is_engine_error,
    require_dtype,
    rounds_between_operators,
)
from parity.engines.tapped_network import TappedNetwork, open_network, with_outputs
from parity.errors import ParityError
from parity.runner import EngineLayer, RunnerInfo, Sink
from parity.taps import Tap, TapGraph
from parity.tokens import Phase, TokenBatch

__all__ = ["OnnxRuntimeRunner", "engine_errors", "marked_model", "require_dtype", "session_options"]

_LEVELS = {"all": "ORT_ENABLE_ALL", "basic": "ORT_ENABLE_BASIC", "disabled": "ORT_DISABLE_ALL"}
_WEIGHTS_FOLDER = "session.model_external_initializers_file_folder_path"
_INPUT_DTYPES = {
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
}
_ERRORS_ONLY = 3  # of ONNX Runtime's log levels


class OnnxRuntimeRunner:
    """Runs a network and hands out its tensors.

    Args:
        network: the .onnx file; weights beside it are used where they lie.
        graph: taps to look for; only needed where the file does not describe its own.
        mapping: tensor names of taps, and of inputs, that are called otherwise.
        model: the model in words; what the file says, or its name, where empty.
        options: see `OnnxRuntimeOptions`, as text.

    Raises:
        ParityError: ONNX Runtime is not installed or can't run the network's dtype; the file, its weights or its
            mapping are not as they should be (see `open_network`); an option is unknown.
    """

    def __init__(
        self,
        network: Path,
        *,
        graph: TapGraph | None = None,
        mapping: Mapping[str, str] | None = None,
        model: str = "",
        options: Mapping[str, str] | None = None,
    ) -> None:
        self._options = OnnxRuntimeOptions.parse(options or {})
        self._network = open_network(Path(network), graph=graph, mapping=mapping)
        self._model = model
        self._session: _Session | None = None
        self._layers: tuple[EngineLayer, ...] = ()
        require_dtype(self._network.dtype)

    def describe(self) -> RunnerInfo:
        """Say what this is; reads the weights once, for their digest."""
        network, info = self._network, self._network.info
        rounds = rounds_between_operators(network.dtype)
        return RunnerInfo(
            name="onnxruntime",
            model=self._model or (info.model if info else network.path.name),
            dtype=network.dtype,
            weights_digest=network.digest(),
            graph=network.graph,
            versions={"onnxruntime": import_onnxruntime().__version__, "onnx_ir": onnx_ir.__version__},
            flags={
                "provider": CPU,
                "optimization_level": self._options.level,
                "threads": str(self._options.threads or "one per core"),
                "copies": self._options.copies,
                "arithmetic": network.dtype if rounds else f"float32, rounded to {network.dtype} at outputs only",
                **(info.flags if info else {}),
            },
            not_observable=network.absent,
        )

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        """Run `phase` once and hand each of `taps` to `sink`, in the network's own type.

        Raises:
            ParityError: the network asks for inputs that it can't be given, or ONNX Runtime fails.
        """
        tensors = [self._network.tensors[tap.name] for tap in taps]
        wanted = tuple(dict.fromkeys(tensors))
        session = self._session_with(wanted)
        feeds = _feeds(session.engine, phase.tokens, self._network)
        with engine_errors(self._network.path):
            found = session.engine.run([session.outputs[name] for name in wanted], feeds)
        arrays = dict(zip(wanted, found, strict=True))
        self._layers = session.first_run.layers(session.engine)
        del found
        for place, (tap, tensor) in enumerate(zip(taps, tensors, strict=True)):
            array = arrays[tensor] if tensor in tensors[place + 1 :] else arrays.pop(tensor)
            sink(tap.name, np.ascontiguousarray(array))

    def layers(self) -> tuple[EngineLayer, ...]:
        """The nodes of the last capture's session."""
        return self._layers

    def rebuilt(self) -> OnnxRuntimeRunner:
        """The same network at another level of optimisation; the number of threads changes nothing."""
        return self._variant(replace(self._options, level="all" if self._options.level == "disabled" else "disabled"))

    def marked_otherwise(self) -> OnnxRuntimeRunner:
        """The same network with taps put out as copies in fp32, or as themselves where they were copies."""
        return self._variant(replace(self._options, copies="fp32" if self._options.copies == "none" else "none"))

    def _variant(self, options: OnnxRuntimeOptions) -> OnnxRuntimeRunner:
        other = copy(self)
        other._options, other._session, other._layers = options, None, ()
        return other

    def seconds(self, phase: Phase, *, repeats: int) -> tuple[float, ...]:
        """Wall time of each of `repeats` runs that put out nothing but what the network does by itself.

        Raises:
            ParityError: as for `capture`.
        """
        session = self._session_with(())
        feeds = _feeds(session.engine, phase.tokens, self._network)
        taken = []
        with engine_errors(self._network.path):
            for _ in range(repeats + 1):
                started = time.perf_counter()
                session.engine.run(None, feeds)
                taken.append(time.perf_counter() - started)
        return tuple(taken[1:])

    def _session_with(self, tensors: tuple[str, ...]) -> _Session:
        """The session that puts out `tensors`; only the latest is kept, since each holds all weights."""
        if self._session is None or self._session.tensors != tensors:
            self._session = None
            self._session = _open_session(self._network, tensors, self._options)
        return self._session


@dataclass(frozen=True, eq=False)
class _Session:
    """ONNX Runtime's own session, the output that holds each of `tensors`, and what its first run tells of it."""

    tensors: tuple[str, ...]
    outputs: Mapping[str, str]
    engine: Any
    first_run: FirstRun


def session_options(options: OnnxRuntimeOptions) -> Any:
    """ONNX Runtime's own object for `options`."""
    engine = import_onnxruntime()
    settings = engine.SessionOptions()
    settings.graph_optimization_level = getattr(engine.GraphOptimizationLevel, _LEVELS[options.level])
    settings.intra_op_num_threads = options.threads
    settings.log_severity_level = _ERRORS_ONLY
    return settings


def _open_session(network: TappedNetwork, tensors: tuple[str, ...], options: OnnxRuntimeOptions) -> _Session:
    settings = session_options(options)
    # A model that comes as bytes has no folder, and ONNX Runtime reads no weights from outside one.
    settings.add_session_config_entry(_WEIGHTS_FOLDER, str(network.path.parent.resolve()))
    serialized, outputs = marked_model(network.model, tensors, copies=options.copies)
    first_run = FirstRun()
    first_run.prepare(settings)
    with engine_errors(network.path):
        engine = import_onnxruntime().InferenceSession(serialized, settings, providers=[CPU])
    return _Session(tensors, outputs, engine, first_run)


def marked_model(model: onnx_ir.Model, tensors: Sequence[str], *, copies: str) -> tuple[bytes, Mapping[str, str]]:
    """`model`, serialized, with `tensors` put out as `copies` says; and the output that holds each of them."""
    if copies == "none":
        return with_outputs(model, tensors), {name: name for name in tensors}
    changed = onnx_ir.from_proto(onnx_ir.to_proto(model))
    outputs = mark_outputs(changed.graph, tensors, copies=copies)
    return bytes(onnx_ir.to_proto(changed).SerializeToString()), outputs


def _feeds(session: Any, tokens: TokenBatch, network: TappedNetwork) -> dict[str, npt.NDArray[Any]]:
    """The network's inputs, in the types that it asks for; it may do without positions and mask."""
    asked = {node.name: node.type for node in session.get_inputs()}
    known = network_feeds(tuple(asked), tokens, network)
    strange = [f"{name} ({kind})" for name, kind in asked.items() if kind not in _INPUT_DTYPES]
    if strange:
        raise ParityError(
            f"{network.path}: asks for inputs of types that tokens can't have: {', '.join(strange)}",
            cure=f"export the network with inputs of {', '.join(_INPUT_DTYPES)}",
        )
    return {name: np.ascontiguousarray(known[name].astype(_INPUT_DTYPES[kind])) for name, kind in asked.items()}


@contextmanager
def engine_errors(network: Path | str) -> Iterator[None]:
    """Turn what ONNX Runtime raises into one line that names `network`."""
    try:
        yield
    except Exception as error:
        if not is_engine_error(error):
            raise
        reason = re.sub(r"^\[ONNXRuntimeError\] : \d+ : ", "", str(error)).strip().splitlines()[0]
        raise ParityError(
            f"{network}: ONNX Runtime failed: {reason}",
            cure="check that the file is whole and that the token ids lie within its vocabulary",
        ) from error
