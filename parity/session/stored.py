"""A run that is there already: read, judged by other limits, or taken apart, without any engine or framework."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from parity.comparison import Comparison, load_comparison
from parity.diagnose_dumps import judge_roles_again
from parity.dump import Dump
from parity.errors import ParityError
from parity.limits import Limits
from parity.session.diagnosis import diagnose, reference_folder
from parity.session.dumps import RunDumps
from parity.session.progress import Progress
from parity.session.request import Judging

__all__ = ["CANDIDATE_DUMP", "FLOOR_DUMP", "REFERENCE_DUMP", "diagnose_run", "load_run"]

REFERENCE_DUMP, FLOOR_DUMP, CANDIDATE_DUMP = "reference", "floor", "candidate"
"""Names of the dumps in the folder of a run."""


def load_run(folder: Path, *, judging: Judging) -> Comparison:
    """The comparison of the run in `folder`, judged as it was and by what `judging` adds.

    It is read from ``comparison.json``; where there is none, or where `judging` brings rules of its own, the dumps
    are compared (again). A diagnosis is kept: what was taken apart is judged by the new limits.

    Raises:
        ParityError: the folder holds neither a comparison nor the dumps that are needed.
    """
    stored = _stored(folder)
    if stored is None or judging.rules:
        return _compared(folder, stored, judging)
    return replace(stored, limits=replace(stored.limits, strict=stored.limits.strict or judging.strict))


def diagnose_run(folder: Path, *, reference: str | None, judging: Judging, progress: Progress) -> Comparison:
    """The comparison of the run in `folder` with its errors taken apart (anew), from its dumps.

    Args:
        folder: of the run.
        reference: the Hugging Face model that the reference was recorded from; None to take what its dump says.
        judging: added to what it was judged by.
        progress: told what is done.

    Raises:
        ParityError: dumps or reference are missing, or the reference is another model.
    """
    stored = _stored(folder)
    dumps = _dumps(folder, stored)
    model = reference_folder(dumps.reference, asked=reference)
    with progress.step("comparing"):
        comparison = dumps.compare(limits=_limits(dumps, stored, judging), relative_to=folder)
    return diagnose(comparison, dumps, folder=model, progress=progress)


def _stored(folder: Path) -> Comparison | None:
    if folder.is_file():
        raise ParityError(f"{folder}: a file, expected the folder of a run", cure="name the folder of comparison.json")
    if not folder.is_dir():
        raise ParityError(f"{folder}: no such folder", cure="name the folder that `parity run --out` made")
    return load_comparison(folder) if (folder / "comparison.json").is_file() else None


def _compared(folder: Path, stored: Comparison | None, judging: Judging) -> Comparison:
    dumps = _dumps(folder, stored)
    comparison = dumps.compare(limits=_limits(dumps, stored, judging), relative_to=folder)
    if stored is None:
        return replace(comparison, undiagnosed="only the dumps were compared")
    return judge_roles_again(comparison, stored, dumps.reference, dumps.candidate)


def _limits(dumps: RunDumps, stored: Comparison | None, judging: Judging) -> Limits:
    if stored is None:
        return judging.limits_for(dumps.candidate.manifest.runner.dtype)
    return stored.limits.with_rules(*judging.rules, strict=stored.limits.strict or judging.strict)


def _dumps(folder: Path, stored: Comparison | None) -> RunDumps:
    paths = _usual_paths(folder) if stored is None else _stored_paths(folder, stored)
    reference, candidate, *floors = map(Dump.open, paths)
    return RunDumps(reference, candidate, tuple(floors))


def _usual_paths(folder: Path) -> list[Path]:
    for name in (REFERENCE_DUMP, CANDIDATE_DUMP):
        if not (folder / name).is_dir():
            raise ParityError(
                f"{folder}: holds neither comparison.json nor a dump called {name}",
                cure="name the folder that `parity run --out` or `parity compare --out` made",
            )
    floors = [folder / FLOOR_DUMP] if (folder / FLOOR_DUMP).is_dir() else []
    return [folder / REFERENCE_DUMP, folder / CANDIDATE_DUMP, *floors]


def _stored_paths(folder: Path, stored: Comparison) -> list[Path]:
    sides = [stored.reference, stored.candidate, *stored.floors]
    gone = [side.dump for side in sides if not (folder / side.dump).is_dir()]
    if gone:
        raise ParityError(
            f"{folder}: can't be judged by other limits nor taken apart, for its dumps are gone: {', '.join(gone)}",
            cure="make the run again with `parity run`; without flags and limits, `parity report` needs no dumps",
        )
    return [folder / side.dump for side in sides]
