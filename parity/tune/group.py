"""What a search turns on and off: operations that can only be put into fp32 together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from parity.taps import TapGraph

__all__ = ["OperationGroup", "kinds_of", "make_groups", "taps_of"]


@dataclass(frozen=True)
class OperationGroup:
    """The operations of one or several taps.

    Attributes:
        taps: their names, in graph order.
        kind: what they are called in every layer: ``mlp_out``, or ``q+k+v`` for a fused projection.
        layer: the decoder layer; None outside the layers.
    """

    taps: tuple[str, ...]
    kind: str
    layer: int | None


def make_groups(joint: Iterable[Sequence[str]], graph: TapGraph) -> tuple[OperationGroup, ...]:
    """A group for each entry of `joint`, which are names of taps in `graph`."""
    return tuple(
        OperationGroup(tuple(taps), "+".join(graph[tap].kind for tap in taps), graph[taps[0]].layer) for taps in joint
    )


def taps_of(groups: Iterable[OperationGroup]) -> frozenset[str]:
    """The taps of all `groups`."""
    return frozenset(tap for group in groups for tap in group.taps)


def kinds_of(groups: Iterable[OperationGroup]) -> tuple[str, ...]:
    """The kinds among `groups`, each once, in their order."""
    return tuple(dict.fromkeys(group.kind for group in groups))
