"""All cases, in several processes."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from parity.selftest.bench import Bench
from parity.selftest.case import Case
from parity.selftest.judge import Judge
from parity.selftest.outcome import Outcome, outcome_of

__all__ = ["run_cases"]

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def run_cases(
    cases: Sequence[Case], bench: Bench, *, jobs: int, tell: Callable[[Outcome], None] = lambda outcome: None
) -> tuple[Outcome, ...]:
    """Run `cases` and return what became of them, in their order.

    Args:
        cases: what to run.
        bench: what they need.
        jobs: processes; with one, everything happens in this one.
        tell: called with each outcome as soon as it is there.
    """
    ordered = sorted(range(len(cases)), key=lambda place: (cases[place].model, cases[place].dtype))
    outcomes: dict[int, Outcome] = {}
    for place, outcome in zip(ordered, _outcomes([cases[place] for place in ordered], bench, jobs), strict=True):
        outcomes[place] = outcome
        tell(outcome)
    return tuple(outcomes[place] for place in range(len(cases)))


def _outcomes(cases: Sequence[Case], bench: Bench, jobs: int) -> Iterator[Outcome]:
    if jobs <= 1:
        for case in cases:
            yield _run_case(bench.folder, case)
        return
    # A fresh process: a forked one inherits PyTorch's threads, which don't work there.
    context = multiprocessing.get_context("spawn")
    with _one_thread_each(), ProcessPoolExecutor(jobs, mp_context=context) as pool:
        yield from pool.map(_run_case, [bench.folder] * len(cases), cases)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes share the cores, so that threads of their products would wait for each other."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _run_case(folder: Path, case: Case) -> Outcome:
    judge = _judge(folder, case.model, case.dtype)
    started = time.perf_counter()
    rows = judge.judge(case)
    return outcome_of(case, rows, time.perf_counter() - started)


@lru_cache(maxsize=1)
def _judge(folder: Path, model: str, dtype: str) -> Judge:
    """A process keeps the truth and what was made of it."""
    return Judge(Bench(folder).of(model), model, dtype)
