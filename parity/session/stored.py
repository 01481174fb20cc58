"""A run that is there already: read again, or judged again by other limits, without any model or framework."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from parity.compare_dumps import compare_dumps
from parity.comparison import Comparison, load_comparison
from parity.dump import Dump
from parity.errors import ParityError
from parity.session.request import Judging

__all__ = ["CANDIDATE_DUMP", "FLOOR_DUMP", "REFERENCE_DUMP", "load_run"]

REFERENCE_DUMP, FLOOR_DUMP, CANDIDATE_DUMP = "reference", "floor", "candidate"
"""Names of the dumps in the folder of a run."""


def load_run(folder: Path, *, judging: Judging) -> Comparison:
    """The comparison of the run in `folder`, judged as it was and by what `judging` adds.

    It is read from ``comparison.json``; where there is none, or where `judging` brings rules of its own, the dumps
    are compared (again).

    Raises:
        ParityError: the folder holds neither a comparison nor the dumps that are needed.
    """
    if not folder.is_dir():
        raise ParityError(f"{folder}: no such folder", cure="name the folder that `parity run --out` made")
    if not (folder / "comparison.json").is_file():
        return _compare_dumps_of(folder, judging)
    stored = load_comparison(folder)
    if judging.rules:
        return _judge_again(folder, stored, judging)
    strict = stored.limits.strict or judging.strict
    return replace(stored, limits=replace(stored.limits, strict=strict))


def _compare_dumps_of(folder: Path, judging: Judging) -> Comparison:
    for name in (REFERENCE_DUMP, CANDIDATE_DUMP):
        if not (folder / name).is_dir():
            raise ParityError(
                f"{folder}: holds neither comparison.json nor a dump called {name}",
                cure="name the folder that `parity run --out` or `parity compare --out` made",
            )
    reference, candidate = Dump.open(folder / REFERENCE_DUMP), Dump.open(folder / CANDIDATE_DUMP)
    floors = [Dump.open(folder / FLOOR_DUMP)] if (folder / FLOOR_DUMP).is_dir() else []
    limits = judging.limits_for(candidate.manifest.runner.dtype)
    return compare_dumps(reference, candidate, floors=floors, limits=limits, relative_to=folder)


def _judge_again(folder: Path, stored: Comparison, judging: Judging) -> Comparison:
    sides = [stored.reference, stored.candidate, *stored.floors]
    gone = [side.dump for side in sides if not (folder / side.dump).is_dir()]
    if gone:
        raise ParityError(
            f"{folder}: can't be judged by other limits, for its dumps are gone: {', '.join(gone)}",
            cure="make the run again with `parity run`, or leave flags and limits out",
        )
    reference, candidate, *floors = (Dump.open(folder / side.dump) for side in sides)
    strict = stored.limits.strict or judging.strict
    limits = stored.limits.with_rules(*judging.rules, strict=strict)
    return compare_dumps(reference, candidate, floors=floors, limits=limits, relative_to=folder)
