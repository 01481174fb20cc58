"""Dumps beside a candidate's that show what its taps do to it, found by their names."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from parity.comparison import Comparison
from parity.dump import Dump
from parity.dump.writer import MANIFEST
from parity.errors import ParityError
from parity.finding import Finding
from parity.observer import observe, with_aliasing

if TYPE_CHECKING:
    from parity.session.dumps import RunDumps

__all__ = ["COPIED", "DIRECT", "REBUILT", "UNPROBED", "companion", "remove_companions", "with_companions"]

UNPROBED, REBUILT = "unprobed", "rebuilt"
"""The candidate without its taps, and that once more with its engine built in another way."""

DIRECT, COPIED = "direct", "copied"
"""The candidate with its tensors marked themselves, and with copies of them: whichever it was not recorded with."""


def companion(candidate: Path, which: str) -> Path:
    """The folder of a dump beside that of `candidate`: ``candidate-unprobed``."""
    return candidate.with_name(f"{candidate.name}-{which}")


def remove_companions(candidate: Path) -> None:
    """Remove those of a candidate that is recorded anew: they were of the one before. What is no dump stays."""
    for path in (companion(candidate, which) for which in (UNPROBED, REBUILT, DIRECT, COPIED)):
        if (path / MANIFEST).is_file():
            shutil.rmtree(path, ignore_errors=True)


def with_companions(comparison: Comparison, dumps: RunDumps) -> Comparison:
    """Add to the comparison of `dumps` what those beside the candidate's tell; one that can't be used is a finding."""
    for which, step in ((UNPROBED, _observed), (DIRECT, _marked_directly), (COPIED, _marked_as_copies)):
        path = companion(dumps.candidate.path, which)
        if path.is_dir():
            try:
                comparison = step(comparison, dumps, path)
            except ParityError as error:
                finding = Finding("companion", "warning", path.name, f"it is not used: {error.problem}", error.cure)
                comparison = replace(comparison, preflight=(*comparison.preflight, finding))
    return comparison


def _observed(comparison: Comparison, dumps: RunDumps, unprobed: Path) -> Comparison:
    rebuilt = companion(dumps.candidate.path, REBUILT)
    again = Dump.open(rebuilt) if rebuilt.is_dir() else None
    return observe(comparison, dumps.reference, dumps.candidate, dumps.floors, Dump.open(unprobed), again)


def _marked_directly(comparison: Comparison, dumps: RunDumps, direct: Path) -> Comparison:
    return with_aliasing(comparison, dumps.candidate, Dump.open(direct), copied=False)


def _marked_as_copies(comparison: Comparison, dumps: RunDumps, copies: Path) -> Comparison:
    return with_aliasing(comparison, dumps.candidate, Dump.open(copies), copied=True)
