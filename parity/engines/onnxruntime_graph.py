"""ONNX Runtime for graphs whose weights are inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from parity.engines.onnxruntime import engine_errors, marked_model, session_options
from parity.engines.onnxruntime_options import OnnxRuntimeOptions
from parity.engines.onnxruntime_probe import CPU, import_onnxruntime, require_dtype, rounds_between_operators
from parity.runner import EngineLayer

__all__ = ["OnnxRuntimeGraphs"]


class OnnxRuntimeGraphs:
    """A `GraphEngine` on the CPU.

    Args:
        options: see `OnnxRuntimeOptions`, as text.
        dtype: numpy's name of what the graphs compute in.

    Raises:
        ParityError: an option is unknown, or ONNX Runtime is missing or can't compute in `dtype`.
    """

    def __init__(self, options: Mapping[str, str], *, dtype: str) -> None:
        self._options = OnnxRuntimeOptions.parse(options)
        self._dtype = dtype
        require_dtype(dtype)

    @property
    def name(self) -> str:
        """``onnxruntime``."""
        return "onnxruntime"

    def versions(self) -> Mapping[str, str]:
        """Library versions by name."""
        return {"onnxruntime": import_onnxruntime().__version__, "onnx_ir": ir.__version__}

    def flags(self) -> Mapping[str, str]:
        """Numeric settings by name."""
        rounds = rounds_between_operators(self._dtype)
        return {
            "provider": CPU,
            "optimization_level": self._options.level,
            "threads": str(self._options.threads or "one per core"),
            "copies": self._options.copies,
            "arithmetic": self._dtype if rounds else f"float32, rounded to {self._dtype} at outputs only",
        }

    def layers(self) -> tuple[EngineLayer, ...]:
        """Nothing: ONNX Runtime does not tell."""
        return ()

    @contextmanager
    def open(
        self, model: ir.Model, outputs: Sequence[str], *, shapes: Mapping[str, tuple[int, ...]]
    ) -> Iterator[OnnxRuntimeSession]:
        """A session of `model` that puts out the tensors `outputs`; lengths stay dynamic."""
        del shapes
        with engine_errors("the graph"):
            serialized, holders = marked_model(model, outputs, copies=self._options.copies)
            session = import_onnxruntime().InferenceSession(serialized, session_options(self._options), providers=[CPU])
        yield OnnxRuntimeSession(session, holders)


class OnnxRuntimeSession:
    """A `GraphSession`; `OnnxRuntimeGraphs.open` makes it."""

    def __init__(self, session: Any, outputs: Mapping[str, str]) -> None:
        self._session = session
        self._outputs = outputs

    def run(self, feeds: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """What the graph puts out for `feeds`."""
        ready = {name: np.ascontiguousarray(array) for name, array in feeds.items()}
        with engine_errors("the graph"):
            found = self._session.run(list(self._outputs.values()), ready)
        return dict(zip(self._outputs, found, strict=True))
