"""The seam for graphs whose weights are inputs: an engine that opens any of them, and a session that runs one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy.typing as npt
import onnx_ir as ir

from parity.runner import EngineLayer

__all__ = ["GraphEngine", "GraphSession"]


class GraphSession(Protocol):
    """One graph, ready to run."""

    def run(self, feeds: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """What the graph puts out for `feeds`, by the name of the tensor that was asked for."""
        ...


class GraphEngine(Protocol):
    """Opens graphs in one engine."""

    @property
    def name(self) -> str:
        """``onnxruntime``, ``tensorrt`` …"""
        ...

    def versions(self) -> Mapping[str, str]:
        """Library and driver versions by name."""
        ...

    def flags(self) -> Mapping[str, str]:
        """Numeric settings by name."""
        ...

    def open(
        self, model: ir.Model, outputs: Sequence[str], *, shapes: Mapping[str, tuple[int, ...]]
    ) -> AbstractContextManager[GraphSession]:
        """A session of `model` that puts out the tensors `outputs`, for inputs of `shapes`."""
        ...

    def layers(self) -> tuple[EngineLayer, ...]:
        """What the graphs opened so far have become; empty where the engine does not tell."""
        ...
