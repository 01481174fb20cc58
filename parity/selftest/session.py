"""The whole self-test: choose cases, record what they share, run them, write selftest.csv."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from parity.errors import ParityError
from parity.selftest.bench import model_configs, prepare
from parity.selftest.case import Case
from parity.selftest.cases import drawn_cases, listed_cases, shortened
from parity.selftest.outcome import Outcome
from parity.selftest.run import run_cases
from parity.selftest.selftest_csv import write_selftest_csv
from parity.selftest.summary import TARGETS
from parity.session import Progress

__all__ = ["SelfTestRequest", "SelfTestResult", "run_selftest"]

_STEPS = 10
"""Lines of progress while cases run."""


@dataclass(frozen=True)
class SelfTestRequest:
    """What to run.

    Attributes:
        dtypes: what candidates compute in, numpy's names.
        fault_ids: these faults alone; all where empty.
        short: a selection that takes less than a minute.
        drawn: so many faults of random sizes instead of the listed ones; none where 0.
        seed: of what is drawn.
        jobs: processes.
        out: folder for selftest.csv.
    """

    dtypes: tuple[str, ...]
    fault_ids: tuple[str, ...] = ()
    short: bool = False
    drawn: int = 0
    seed: int = 0
    jobs: int = 2
    out: Path = Path("runs/selftest")


@dataclass(frozen=True)
class SelfTestResult:
    """What became of it.

    Attributes:
        outcomes: of every case.
        file: selftest.csv.
        seconds: wall time, with everything that cases share.
    """

    outcomes: tuple[Outcome, ...]
    file: Path
    seconds: float


def run_selftest(request: SelfTestRequest, *, progress: Progress) -> SelfTestResult:
    """Run the cases that `request` asks for.

    Raises:
        ParityError: a dtype has no engine here, there is no such fault, no case is left; or as the parts name it.
    """
    started = time.perf_counter()
    cases = choose_cases(request)
    with tempfile.TemporaryDirectory(prefix="parity-selftest-") as folder:
        with progress.step(f"recording truth and noise floors for {len(cases)} cases"):
            bench = prepare(Path(folder), cases)
        with progress.step(f"running {len(cases)} cases"):
            outcomes = run_cases(cases, bench, jobs=request.jobs, tell=_Teller(progress, len(cases)))
    file = request.out / "selftest.csv"
    write_selftest_csv(outcomes, file)
    return SelfTestResult(outcomes, file, time.perf_counter() - started)


def choose_cases(request: SelfTestRequest) -> tuple[Case, ...]:
    """The cases that `request` asks for.

    Raises:
        ParityError: a dtype has no engine here, there is no such fault, or no case is left.
    """
    for dtype in request.dtypes:
        if dtype not in TARGETS or dtype == "bfloat16":
            raise ParityError(f"the self-test runs no candidate in {dtype}", cure="ask for fp32, fp16 or both")
    configs = model_configs()
    if request.drawn:
        cases = drawn_cases(request.dtypes, configs, count=request.drawn, seed=request.seed)
    else:
        cases = listed_cases(request.dtypes, configs, fault_ids=request.fault_ids)
    cases = shortened(cases) if request.short else cases
    if not cases:
        raise ParityError("no case is left to run", cure="ask for other faults or dtypes")
    return cases


class _Teller:
    """Says now and then how far it is."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def __call__(self, outcome: Outcome) -> None:
        self._done += 1
        if self._done * _STEPS // self._total > (self._done - 1) * _STEPS // self._total:
            self._progress.note(f"{self._done} of {self._total} cases, the last in {outcome.seconds:.1f} s")
