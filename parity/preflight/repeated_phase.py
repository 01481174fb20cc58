"""Taps that kept the values of the phase before: stale buffers, a wrong optimisation profile, a step that never ran."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.finding import Finding
from parity.preflight.check import DumpCheck
from parity.preflight.sides import DumpSides, PhaseSides, TapRows

__all__ = ["REPEATED_PHASE"]

_NAME = "repeated_phase"
_LISTED = 4


def _find(sides: DumpSides) -> Iterator[Finding]:
    for before, after in pairwise(sides.phases):
        for role in ("reference", "candidate"):
            other = "candidate" if role == "reference" else "reference"
            stale = [
                name
                for name in getattr(after, role)
                if _repeats(name, before, after, role) and not _repeats(name, before, after, other)
            ]
            if stale:
                yield _finding(role, stale, before, after)


def _repeats(name: str, before: PhaseSides, after: PhaseSides, role: str) -> bool:
    """Whether the tap ends each prompt with the same values in both phases; False where it was not captured."""
    first, second = (_last_rows(name, phase, getattr(phase, role)) for phase in (before, after))
    if first is None or second is None or first.shape != second.shape:
        return False
    return bool(second.any()) and first.tobytes() == second.tobytes()


def _last_rows(name: str, phase: PhaseSides, rows: TapRows) -> npt.NDArray[Any] | None:
    """The tap at the last real token of each prompt; None where there is none."""
    if name not in rows or phase.graph[name].axes[:2] != ("batch", "token"):
        return None
    return np.asarray(rows[name][np.cumsum(phase.tokens.lengths) - 1])


def _finding(role: str, stale: list[str], before: PhaseSides, after: PhaseSides) -> Finding:
    listed = ", ".join(stale[:_LISTED]) + (" …" if len(stale) > _LISTED else "")
    return Finding(
        _NAME,
        "error",
        f"{role}, phase {after.name}",
        f"{len(stale)} taps of the {role} end each prompt with the very values of phase {before.name}, though other "
        f"tokens went in and the other side's values differ: {listed}",
        "copy each output before the next step runs, and check that the step ran with its own addresses and "
        "optimisation profile",
    )


REPEATED_PHASE = DumpCheck(_NAME, _find)
