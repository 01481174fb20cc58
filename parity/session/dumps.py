"""The dumps that one comparison is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from parity.compare_dumps import compare_dumps
from parity.comparison import Comparison
from parity.dump import Dump
from parity.limits import Limits
from parity.preflight import preflight_dumps
from parity.session.companions import with_companions

__all__ = ["RunDumps"]


@dataclass(frozen=True, eq=False)
class RunDumps:
    """Truth, candidate and noise floors; of several floors the first is the one that errors are taken apart by."""

    reference: Dump
    candidate: Dump
    floors: tuple[Dump, ...] = ()

    def compare(self, *, limits: Limits, relative_to: Path) -> Comparison:
        """Judge every tap, after looking at what goes before any layer, and at what stands beside the candidate's dump.

        See `compare_dumps`, `preflight_dumps` and `with_companions`.
        """
        sides = self.reference, self.candidate
        comparison = compare_dumps(*sides, floors=self.floors, limits=limits, relative_to=relative_to)
        findings = preflight_dumps(*sides, floors=self.floors)
        return with_companions(replace(comparison, preflight=findings), self)
