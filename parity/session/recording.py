"""Running a candidate into a dump."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from parity.dtypes import dtype_info
from parity.dump import Dump
from parity.errors import ParityError
from parity.options import MAPPING
from parity.record import record
from parity.runner import Runner
from parity.session.progress import Progress
from parity.taps import Tap
from parity.tokens import Phase

__all__ = ["record_runner"]


def record_runner(
    runner: Runner,
    phases: Sequence[Phase],
    *,
    taps: Sequence[Tap],
    out: Path,
    progress: Progress,
    what: str = "the candidate",
) -> Dump:
    """Record those of `taps` that the candidate knows; the comparison lists the others as missing.

    Args:
        runner: the candidate.
        phases: what it runs.
        taps: what is wanted.
        out: folder of the dump.
        progress: told that `what` is run.
        what: which of the candidate's engines this is.

    Raises:
        ParityError: it knows none of them, or what it returns is not what it should be.
    """
    info = runner.describe()
    known = [info.graph[tap.name] for tap in taps if tap.name in info.graph]
    if not known:
        raise ParityError(
            f"{info.model}: none of the {len(taps)} taps asked for is in this network",
            cure=f"name its tensors as the taps are named, or give {MAPPING.flag} FILE",
        )
    with progress.step(f"running {what} in {info.name}, {dtype_info(info.dtype).short}"):
        return record(runner, phases, taps=known, role="candidate", out=out)
