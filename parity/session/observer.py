"""Recording a candidate with what shows the effect of its taps: its engine without them, a rebuild, other marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy.typing as npt

from parity.dump import Dump
from parity.errors import ParityError
from parity.limits import Limits, default_limits
from parity.observer import LOGITS, SpreadRunner, find_probe_sets, judge_logits_of, observe_phase
from parity.options import OBSERVER
from parity.record import canonical
from parity.runner import Runner, VariableRunner
from parity.session.companions import COPIED, DIRECT, REBUILT, UNPROBED, companion, remove_companions
from parity.session.progress import Progress
from parity.session.recording import record_runner
from parity.session.request import EngineChecks
from parity.taps import Tap
from parity.tokens import Phase

__all__ = ["Yardstick", "record_observed"]

_ALWAYS = ("tensorrt",)
"""Engines whose observer effect is measured unless told otherwise: what they fuse, and so compute, hangs on taps."""

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Yardstick:
    """What the engines of a candidate are compared by.

    Attributes:
        truth: dump of the reference.
        floors: dumps of the noise floor.
        limits: None for the shipped ones.
    """

    truth: Dump
    floors: tuple[Dump, ...] = ()
    limits: Limits | None = None


def record_observed(
    runner: Runner,
    checks: EngineChecks,
    phases: Sequence[Phase],
    *,
    taps: Sequence[Tap],
    out: Path,
    yardstick: Yardstick,
    progress: Progress,
) -> Dump:
    """Record a candidate, and beside it what `checks` ask for.

    Args:
        runner: the candidate.
        checks: what is to be known of its taps.
        phases: what it runs.
        taps: what is wanted.
        out: folder of its dump; the others get its name with an ending. Those of a candidate that was recorded there
            before are removed.
        yardstick: what probe sets are judged by.
        progress: told what is done.

    Raises:
        ParityError: a check is asked for that this candidate does not allow; or as `record_runner` names it.
    """
    asked = _settled(checks, runner, taps, progress)
    remove_companions(out)
    recording = _Recording(runner, tuple(phases), tuple(taps), out, yardstick, progress)
    if asked.observer == "on":
        recording.unprobed()
    if isinstance(runner, VariableRunner):
        if asked.rebuild_noise:
            recording.rebuilt(runner.rebuilt())
        if asked.aliasing:
            recording.marked_otherwise(runner.marked_otherwise())
    return recording.spread() if asked.probe_sets else recording.whole()


def _settled(checks: EngineChecks, runner: Runner, taps: Sequence[Tap], progress: Progress) -> EngineChecks:
    """`checks` with `observer` settled to ``on`` or ``off``."""
    needs = checks.comparisons
    if checks.observer == "off" and needs:
        raise ParityError(
            f"{needs[0]} compares with the engine without taps, which {OBSERVER.flag} off leaves out",
            cure=f"leave {OBSERVER.flag} out",
        )
    obstacle = _obstacle(runner, taps)
    impossible = checks.given if not isinstance(runner, VariableRunner) else needs
    if impossible and obstacle:
        raise ParityError(
            f"{', '.join(impossible)}: {obstacle}", cure="leave it out, or give other --taps or candidates"
        )
    by_itself = checks.observer == "auto" and runner.describe().name in _ALWAYS
    if by_itself and obstacle:
        progress.note(f"what taps change is not measured: {obstacle}")
    wanted = bool(needs) or (by_itself and not obstacle)
    return replace(checks, observer="on" if wanted else "off")


def _obstacle(runner: Runner, taps: Sequence[Tap]) -> str:
    """Why there is no engine without taps to compare with; empty where there is."""
    names = {tap.name for tap in taps} & set(runner.describe().graph.names)
    if not isinstance(runner, VariableRunner):
        return "this candidate is run as it is, and can't be built without its taps"
    if LOGITS not in names:
        return f"engines are compared by their {LOGITS}, which are not among the taps"
    return "" if names - {LOGITS} else f"nothing but {LOGITS} is captured, so the engine has no taps"


@dataclass(frozen=True, eq=False)
class _Recording:
    """A candidate that is being recorded into `out`."""

    runner: Runner
    phases: tuple[Phase, ...]
    taps: tuple[Tap, ...]
    out: Path
    yardstick: Yardstick
    progress: Progress

    def unprobed(self) -> None:
        self._record(self.runner, UNPROBED, [self._logits], "the candidate without taps")

    def rebuilt(self, runner: Runner) -> None:
        self._record(runner, REBUILT, [self._logits], "the candidate built again, without taps")

    def marked_otherwise(self, runner: Runner) -> None:
        direct = runner.describe().flags.get("copies") == "none"
        words = "the candidate with its tensors marked directly" if direct else "the candidate with copies for taps"
        self._record(runner, DIRECT if direct else COPIED, self.taps, words)

    def whole(self) -> Dump:
        return self._recorded(self.runner)

    def spread(self) -> Dump:
        """Spread taps over engines that are faithful in the first phase, and record those."""
        sets = find_probe_sets(
            [tap for tap in self._known if tap.name != LOGITS], capture=self._capture, is_faithful=self._is_faithful
        )
        lost = [tap.name for tap in (*sets.never, *sets.untried)]
        words = f"; {len(lost)} in none: {', '.join(lost[:4])}{' …' if len(lost) > 4 else ''}" if lost else ""
        self.progress.note(f"taps are spread over {len(sets.sets)} of {sets.builds} engines that were built{words}")
        return self._recorded(SpreadRunner(self.runner, sets))

    @cached_property
    def _known(self) -> tuple[Tap, ...]:
        info = self.runner.describe()
        return tuple(
            info.graph[tap.name] for tap in self.taps if tap.name in info.graph and tap.name not in info.not_observable
        )

    @cached_property
    def _logits(self) -> Tap:
        return next(tap for tap in self._known if tap.name == LOGITS)

    def _capture(self, taps: Sequence[Tap]) -> Array:
        found: dict[str, Array] = {}
        phase = self.phases[0]

        def keep_logits(name: str, array: Array) -> None:
            if name == LOGITS:
                found[name] = canonical(array, self._logits, phase)

        with self.progress.step(f"building an engine with {len(taps)} taps, to see whether it is faithful"):
            self.runner.capture(phase, [*taps, self._logits], keep_logits)
        return found[LOGITS]

    def _is_faithful(self, logits: Array) -> bool:
        name, dtype = self.phases[0].name, self.runner.describe().dtype
        limits = self.yardstick.limits or default_limits(dtype)
        judge = judge_logits_of(name, self.yardstick.truth, self.yardstick.floors, dtype=dtype, limits=limits)
        rebuilt = companion(self.out, REBUILT)
        without = Dump.open(companion(self.out, UNPROBED)).phase(name).arrays[LOGITS]
        again = Dump.open(rebuilt).phase(name).arrays[LOGITS] if rebuilt.is_dir() else None
        return observe_phase(judge, logits, without, again).grade == "faithful"

    def _record(self, runner: Runner, which: str, taps: Sequence[Tap], what: str) -> None:
        out = companion(self.out, which)
        record_runner(runner, self.phases, taps=taps, out=out, progress=self.progress, what=what)

    def _recorded(self, runner: Runner) -> Dump:
        return record_runner(runner, self.phases, taps=self.taps, out=self.out, progress=self.progress)
