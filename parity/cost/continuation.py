"""Continuing the reference from a tap with other values in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from parity.replay.arrays import Floats, widened
from parity.replay.predict import Captured
from parity.replay.replay import Reference, replay
from parity.taps import Tap, TapGraph

__all__ = ["continue_from"]


def continue_from(
    reference: Reference, graph: TapGraph, truth: Captured, replaced: Mapping[str, Floats], *, until: str = "logits"
) -> Floats:
    """Run the reference on from `replaced` and return what becomes of `until`.

    Taps that depend on none of the replaced ones keep the truth's values; where those were not captured, they are
    recomputed.

    Args:
        reference: weights and tokens.
        graph: all taps.
        truth: the truth's captured taps.
        replaced: new values, float64, with the axes of their taps.
        until: the tap to compute.
    """
    run = _Run(reference, graph, truth, dict(replaced))
    changed, last_reader = set(replaced), _last_readers(graph)
    for tap in graph:
        on_the_way = not tap.on_request and any(name in changed for name in tap.inputs)
        if on_the_way and tap.name not in replaced:
            run.compute(tap)
            changed.add(tap.name)
        if tap.name == until:
            break
        run.forget([name for name in tap.inputs if last_reader.get(name) == tap.name and name != until])
    return widened(run.value(until))


@dataclass(frozen=True, eq=False)
class _Run:
    """Values that were replaced or computed; those of large models are kept no longer than they are read."""

    reference: Reference
    graph: TapGraph
    truth: Captured
    values: dict[str, Floats]

    def value(self, name: str) -> npt.NDArray[Any]:
        if name not in self.values and name in self.truth:
            return self.truth[name]
        if name not in self.values:
            self.compute(self.graph[name])
        return self.values[name]

    def compute(self, tap: Tap) -> None:
        self.values[tap.name] = replay(self.reference, tap, [self.value(name) for name in tap.inputs])

    def forget(self, names: Sequence[str]) -> None:
        for name in names:
            self.values.pop(name, None)


def _last_readers(graph: TapGraph) -> Mapping[str, str]:
    """The last tap in graph order that reads each."""
    return {name: tap.name for tap in graph if not tap.on_request for name in tap.inputs}
