"""Trying choices of operations, each once, within a budget; what follows from trials needs no trial."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from parity.limits import Limits
from parity.tune.group import OperationGroup, taps_of
from parity.tune.store import TrialStore
from parity.tune.trial import Trial

__all__ = ["Budget", "Measure", "OutOfBudgetError", "Trials"]

Measure = Callable[[tuple[str, ...]], Trial]
"""Builds, runs and compares the network with the operations of these taps in fp32."""


class OutOfBudgetError(Exception):
    """No further network may be built."""


@dataclass(frozen=True)
class Budget:
    """How much may be spent; trials that are on disk cost nothing.

    Attributes:
        builds: networks that may be built.
        seconds: no build begins that would end later than this, going by the longest so far; None for no limit.
        clock: seconds since some moment.
    """

    builds: int
    seconds: float | None = None
    clock: Callable[[], float] = time.monotonic


class Trials:
    """The trials of one search.

    Args:
        measure: makes a trial.
        order: names of all taps, in graph order.
        limits: what a trial is judged by.
        budget: how many may be made.
        store: where they are kept.
        tell: takes every trial with its number, and the number of its build; None where it was on disk.
    """

    def __init__(
        self,
        measure: Measure,
        *,
        order: Sequence[str],
        limits: Limits,
        budget: Budget,
        store: TrialStore,
        tell: Callable[[Trial, int, int | None], None] = lambda trial, number, build: None,
    ) -> None:
        self._measure = measure
        self._order = tuple(order)
        self._limits = limits
        self._budget = budget
        self._store = store
        self._tell = tell
        self._started = budget.clock()
        self._made: dict[frozenset[str], Trial] = {}
        self.builds = 0

    @property
    def limits(self) -> Limits:
        """What trials are judged by."""
        return self._limits

    @property
    def made(self) -> tuple[Trial, ...]:
        """All trials, in the order in which they were asked for."""
        return tuple(self._made.values())

    def trial(self, groups: Iterable[OperationGroup]) -> Trial:
        """The trial with `groups` in fp32.

        Raises:
            OutOfBudgetError: it has not been made, and may not be.
        """
        chosen = taps_of(groups)
        if chosen not in self._made:
            found = self._store.find(chosen)
            made = self._build(chosen) if found is None else found
            self._made[chosen] = made
            self._tell(made, len(self._made), self.builds if found is None else None)
        return self._made[chosen]

    def passes(self, groups: Iterable[OperationGroup]) -> bool:
        """Whether no tap is beyond limits with `groups` in fp32.

        More operations in fp32 are taken to do no harm: with a superset of what fails this needs no trial where that
        passed, and with a subset none where it failed.

        Raises:
            OutOfBudgetError: that does not follow from the trials there are, and no more may be made.
        """
        groups = tuple(groups)
        chosen = taps_of(groups)
        known = self._made.items()
        if chosen not in self._made:
            if any(tried <= chosen and trial.passes(self._limits) for tried, trial in known):
                return True
            if any(chosen <= tried and not trial.passes(self._limits) for tried, trial in known):
                return False
        return self.trial(groups).passes(self._limits)

    def _build(self, chosen: frozenset[str]) -> Trial:
        longest = max((trial.seconds for trial in self.made), default=0.0)
        spent = self._budget.clock() - self._started
        late = self._budget.seconds is not None and spent + longest > self._budget.seconds
        if self.builds >= self._budget.builds or late:
            raise OutOfBudgetError
        self.builds += 1
        made = self._measure(tuple(tap for tap in self._order if tap in chosen))
        self._store.keep(made)
        return made
