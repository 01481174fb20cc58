"""Dumps of arrays that a test made, recorded by the real code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt

from parity.dump import Dump
from parity.record import record
from parity.runner import RunnerInfo, Sink
from parity.taps import Tap, TapGraph
from parity.tokens import Phase, TokenBatch

__all__ = ["GivenSide", "store_side"]

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class GivenSide:
    """What one side says of itself, and its arrays: by tap, or by phase and tap."""

    runner: str
    dtype: str
    graph: TapGraph
    arrays: Mapping[str, Any]
    weights_digest: str = "w"
    flags: Mapping[str, str] = field(default_factory=dict)

    def describe(self) -> RunnerInfo:
        return RunnerInfo(self.runner, "made here", self.dtype, self.weights_digest, self.graph, flags=dict(self.flags))

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        arrays: Arrays = self.arrays.get(phase.name, self.arrays)
        for tap in taps:
            sink(tap.name, arrays[tap.name])


def store_side(
    folder: Path, side: GivenSide, role: str, tokens: TokenBatch | Mapping[str, TokenBatch], *, lost: Sequence[str] = ()
) -> Dump:
    """Record `side` in a subfolder named after its role.

    Args:
        folder: where.
        side: what to record.
        role: ``reference``, ``floor`` or ``candidate``.
        tokens: of the one phase, or by name of phase.
        lost: taps that the side can't give.
    """
    batches = tokens if isinstance(tokens, Mapping) else {"prefill": tokens}
    taps = [tap for tap in side.graph if not tap.on_request and tap.name not in lost]
    return record(
        side, [Phase(name, batch) for name, batch in batches.items()], taps=taps, role=role, out=folder / role
    )
