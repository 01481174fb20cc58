"""What the reference would have made of captured inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from parity.replay.arrays import Floats, widened
from parity.replay.replay import Reference, replay
from parity.taps import Tap, TapGraph

__all__ = ["Captured", "captured_inputs", "predict"]

Captured = Mapping[str, "npt.NDArray[Any]"]


def predict(reference: Reference, graph: TapGraph, tap: Tap, captured: Captured) -> Floats:
    """Recompute `tap` from what was captured upstream of it.

    Where an input was not captured, it is itself recomputed from the nearest taps that were; the result then
    speaks of all operations in between.
    """
    return replay(reference, tap, [_value(reference, graph, name, captured) for name in tap.inputs])


def captured_inputs(graph: TapGraph, tap: Tap, captured: Captured) -> tuple[str, ...]:
    """The captured taps that `predict` would start from, in graph order."""
    found: set[str] = set()
    for name in tap.inputs:
        found |= {name} if name in captured else set(captured_inputs(graph, graph[name], captured))
    return tuple(name for name in graph.names if name in found)


def _value(reference: Reference, graph: TapGraph, name: str, captured: Captured) -> Floats:
    if name in captured:
        return widened(captured[name])
    return predict(reference, graph, graph[name], captured)
