"""The run that the suite tests: made or read once per pytest run, while tests are collected."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from parity.comparison import Comparison, TapResult, load_comparison
from parity.message import first_divergence_sentence, verdict_line
from parity.session import PlainProgress, Progress, SilentProgress
from parity.suite.asked import asked_judging, asked_request, asked_stored_run

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

__all__ = [
    "HANDED_OVER",
    "JUDGED_RUN",
    "OBSERVER_TEST",
    "SUITE_COLLECTED",
    "JudgedRun",
    "SuiteRow",
    "judged_run",
    "suite_rows",
    "summary_lines",
]

OBSERVER_TEST = "observer-effect"
"""Id of the test of the engine without taps."""

HANDED_OVER = "layer_parity_run"
"""Key under which pytest-xdist's controller tells its workers the folder of the run."""


@dataclass(frozen=True)
class JudgedRun:
    """A comparison, and the folder that its views and dumps are in."""

    comparison: Comparison
    folder: Path


@dataclass(frozen=True)
class SuiteRow:
    """What one test tests: a row, or whether the engine without taps is within the limits too."""

    run: JudgedRun
    row: TapResult | None

    @property
    def key(self) -> str:
        """The test's id."""
        return OBSERVER_TEST if self.row is None else self.row.key


JUDGED_RUN = pytest.StashKey[JudgedRun]()
"""Where `judged_run` keeps the run."""

SUITE_COLLECTED = pytest.StashKey[bool]()
"""Set once something asked for the run, whether it could be had or not."""


def judged_run(config: pytest.Config) -> JudgedRun:
    """The run that the options ask for: made or read at the first call, the same one at every other.

    Raises:
        ParityError: the options say too little or contradict one another, or the run can't be made.
    """
    config.stash[SUITE_COLLECTED] = True
    if JUDGED_RUN not in config.stash:
        config.stash[JUDGED_RUN] = _handed_over(config) or _stored(config) or _make(config)
    return config.stash[JUDGED_RUN]


def suite_rows(config: pytest.Config) -> list[SuiteRow]:
    """One entry per phase and tap, in graph order; and one for what taps change, where that was measured.

    Raises:
        ParityError: as for `judged_run`.
    """
    run = judged_run(config)
    observed = [SuiteRow(run, None)] if run.comparison.observer else []
    return [*(SuiteRow(run, row) for row in run.comparison.rows), *observed]


def summary_lines(config: pytest.Config) -> list[str]:
    """The verdict, the first divergence and the report, for the end of pytest's output; empty without a run."""
    run = config.stash.get(JUDGED_RUN, None)
    if run is None:
        return []
    report = run.folder / "report.html"
    return [
        verdict_line(run.comparison),
        first_divergence_sentence(run.comparison),
        *([f"report: {report}"] if report.is_file() else []),
    ]


def _handed_over(config: pytest.Config) -> JudgedRun | None:
    folder = getattr(config, "workerinput", {}).get(HANDED_OVER)
    return None if folder is None else JudgedRun(load_comparison(Path(folder)), Path(folder))


def _stored(config: pytest.Config) -> JudgedRun | None:
    folder = asked_stored_run(config)
    if folder is None:
        return None
    from parity.session.stored import load_run

    return JudgedRun(load_run(folder, judging=asked_judging(config)), folder)


def _make(config: pytest.Config) -> JudgedRun:
    request = asked_request(config)
    progress = _progress(config)
    with progress.step("loading PyTorch"):
        from parity.session.run import run
    result = run(request, progress=progress)
    return JudgedRun(result.comparison, request.out)


def _progress(config: pytest.Config) -> Progress:
    """Lines of pytest's own terminal, which shows them while tests are still being collected."""
    reporter: TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.get_verbosity() < 0:
        return SilentProgress()
    return PlainProgress(partial(_write_line, reporter))


def _write_line(reporter: TerminalReporter, text: str) -> None:
    reporter.ensure_newline()
    reporter.write_line(f"layer parity: {text}")
