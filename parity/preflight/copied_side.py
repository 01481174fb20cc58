"""Dumps that are copies of each other: a candidate that equals the truth or the floor bit by bit was not computed.

Two implementations agree bit by bit at a tap or two, never at all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from parity.dump import Dump
from parity.finding import Finding
from parity.preflight.check import DumpCheck
from parity.preflight.sides import DumpSides, PhaseSides, TapRows
from parity.preflight.values import same_values

__all__ = ["COPIED_SIDE"]

_NAME = "copied_side"
_LOOKED_UP = "embedding"


def _find(sides: DumpSides) -> Iterator[Finding]:
    for place, other in enumerate((sides.reference, *sides.floors)):
        rows = [(phase, (phase.reference, *phase.floors)[place]) for phase in sides.phases]
        copied = [_copied_taps(phase, theirs) for phase, theirs in rows]
        if copied and all(copied):
            yield _finding(sides.candidate, other, sum(copied))


def _copied_taps(phase: PhaseSides, other: TapRows) -> int:
    """How many computed taps both have, if the candidate's equal the other's in every one; otherwise 0."""
    computed = [tap.name for tap in phase.graph if tap.op != _LOOKED_UP]
    # The last taps differ first: errors add up.
    shared = [name for name in reversed(computed) if name in phase.candidate and name in other]
    return len(shared) if all(same_values(phase.candidate[name], other[name]) for name in shared) else 0


def _finding(candidate: Dump, other: Dump, taps: int) -> Finding:
    ours, theirs = candidate.manifest.runner, other.manifest.runner
    sentence = (
        f"all {taps} computed taps of the candidate hold the same values as the {other.manifest.role}'s, bit by bit"
    )
    if ours.name == theirs.name:
        return Finding(
            _NAME,
            "warning",
            str(candidate.path),
            f"{sentence}; both were run by {ours.name}, so an implementation is compared with itself",
            "give the port as the candidate",
        )
    return Finding(
        _NAME,
        "error",
        str(candidate.path),
        f"{sentence}, though the one says it was run by {ours.name} in {ours.dtype}, the other by {theirs.name} in "
        f"{theirs.dtype}: it is a copy",
        "record the candidate again, from the engine",
    )


COPIED_SIDE = DumpCheck(_NAME, _find)
