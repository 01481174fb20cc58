"""What the reference would have made of captured inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.metrics import RealRows, real_rows
from parity.replay.arrays import Floats
from parity.replay.replay import Reference, replay, replay_rows
from parity.taps import Tap, TapGraph

__all__ = ["Captured", "captured_inputs", "predict", "predict_rows"]

Captured = Mapping[str, "npt.NDArray[Any]"]


def predict(reference: Reference, graph: TapGraph, tap: Tap, captured: Captured) -> Floats:
    """Recompute `tap` from what was captured upstream of it.

    Where an input was not captured, it is itself recomputed from the nearest taps that were; the result then
    speaks of all operations in between.
    """
    return _composed(partial(replay, reference), graph, tap, captured, {})


def predict_rows(reference: Reference, graph: TapGraph, tap: Tap, captured: Captured) -> RealRows:
    """`predict` at real tokens alone, without filling in the padding that a batch of uneven prompts has."""
    names = captured_inputs(graph, tap, captured)
    if _has_keys(graph, tap, captured):
        return real_rows(predict(reference, graph, tap, captured), tap, reference.tokens)
    mask = reference.tokens.mask
    rows = _composed(partial(replay_rows, reference), graph, tap, {name: captured[name][mask] for name in names}, {})
    return RealRows(rows if rows.ndim == 3 else rows[:, None], None, np.argwhere(mask))


def captured_inputs(graph: TapGraph, tap: Tap, captured: Captured) -> tuple[str, ...]:
    """The captured taps that `predict` would start from, in graph order."""
    found: set[str] = set()
    for name in tap.inputs:
        found |= {name} if name in captured else set(captured_inputs(graph, graph[name], captured))
    return tuple(name for name in graph.names if name in found)


def _has_keys(graph: TapGraph, tap: Tap, captured: Captured) -> bool:
    """Whether scores or probabilities, which are laid out by prompt, are on the way to `tap`."""
    if "key" in tap.axes:
        return True
    return any(_has_keys(graph, graph[name], captured) for name in tap.inputs if name not in captured)


def _composed(
    operation: Callable[[Tap, Sequence[npt.NDArray[Any]]], Floats],
    graph: TapGraph,
    tap: Tap,
    captured: Captured,
    made: dict[str, Floats],
) -> Floats:
    """`made` keeps what was recomputed on the way: several operations may read it."""
    for name in tap.inputs:
        if name not in captured and name not in made:
            made[name] = _composed(operation, graph, graph[name], captured, made)
    return operation(tap, [captured[name] if name in captured else made[name] for name in tap.inputs])
