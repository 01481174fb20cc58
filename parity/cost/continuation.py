"""Continuing the reference from a tap with other values in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from parity.replay.arrays import Floats, widened
from parity.replay.predict import Captured
from parity.replay.replay import Reference, replay
from parity.taps import TapGraph

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
    values: dict[str, Floats] = dict(replaced)

    def value(name: str) -> npt.NDArray[Any]:
        if name in values or name in truth:
            return values[name] if name in values else truth[name]
        values[name] = replay(reference, graph[name], [value(source) for source in graph[name].inputs])
        return values[name]

    changed = set(replaced)
    for tap in graph:
        on_the_way = not tap.on_request and any(name in changed for name in tap.inputs)
        if on_the_way and tap.name not in replaced:
            values[tap.name] = replay(reference, tap, [value(name) for name in tap.inputs])
            changed.add(tap.name)
        if tap.name == until:
            break
    return widened(value(until))
