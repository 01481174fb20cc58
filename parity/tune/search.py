"""The search: from what makes noise to a small set of operations that have to run in fp32."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from parity.taps import TapGraph
from parity.tune.cost import TimeModel
from parity.tune.group import OperationGroup, kinds_of
from parity.tune.minimise import minimal_subset
from parity.tune.suspects import Suspicion
from parity.tune.trial import Trial
from parity.tune.trials import OutOfBudgetError, Trials

__all__ = ["STATUSES", "SearchResult", "search"]

STATUSES = {
    "within": "every tap is within limits as the network is; nothing needs fp32",
    "met": "every tap is within limits with these operations in fp32",
    "cut short": "every tap is within limits with these operations in fp32; fewer might do, but no build is left",
    "out of budget": "no build is left, and with none of the choices tried every tap was within limits",
    "cannot be met": "taps are beyond limits even with every operation in fp32",
}
"""Every end of a search, with its meaning."""

_WORTH = 0.01
"""Run time, in units of the whole, that must be in a kind of operation for its layers to be told apart."""

Groups = tuple[OperationGroup, ...]


@dataclass(frozen=True)
class SearchResult:
    """How a search ended.

    Attributes:
        status: one of `STATUSES`.
        chosen: the operations that have to run in fp32; empty where none or no set of them will do.
        before: the network as it is.
        after: the network with `chosen` in fp32; where that is nothing, the trial with the most operations.
        relative_time: estimated run time with `chosen`, in units of that without.
        builds: networks that were built for it.
        trials: every trial, in the order in which they were made.
    """

    status: str
    chosen: Groups
    before: Trial
    after: Trial
    relative_time: float
    builds: int
    trials: tuple[Trial, ...]


def search(groups: Sequence[OperationGroup], trials: Trials, *, graph: TapGraph, times: TimeModel) -> SearchResult:
    """Find a small and cheap set of `groups` with which every tap is within limits.

    First come all operations that make noise, then those of their kinds in every layer with what shows up beside them,
    then all there are: if even that fails, limits can't be met. From the first set that passes, whole kinds are left
    out, the expensive ones first, then single layers of those kinds that cost time. The answer was measured, never
    inferred, and depends on nothing but the trials.

    Args:
        groups: everything that can be put into fp32, in graph order.
        trials: makes and judges trials.
        graph: all taps.
        times: estimates run time.

    Raises:
        OutOfBudgetError: not even the network as it is may be built.
    """
    return _Search(tuple(groups), trials, graph, times).run()


class _Search:
    def __init__(self, groups: Groups, trials: Trials, graph: TapGraph, times: TimeModel) -> None:
        self._groups = groups
        self._trials = trials
        self._graph = graph
        self._times = times
        self._before = trials.trial(())
        self._suspicion = Suspicion(self._before, graph)

    def run(self) -> SearchResult:
        if self._before.passes(self._trials.limits):
            return self._result("within", ())
        try:
            enough = self._first_enough()
            if enough is None:
                return self._result("cannot be met", ())
            self._fewer_layers(self._fewer_kinds(enough))
        except OutOfBudgetError:
            best = self._best()
            return self._result("cut short", best) if best else self._result("out of budget", ())
        return self._result("met", self._best())

    def _first_enough(self) -> Groups | None:
        """The first of ever larger sets that passes; None where all operations are not enough."""
        chosen = self._noisy(self._suspicion)
        while chosen and not self._trials.passes(chosen):
            # What was hidden under the noise of others shows once that is gone.
            shown = self._noisy(Suspicion(self._trials.trial(chosen), self._graph))
            wider = _of_kinds(self._groups, kinds_of((*chosen, *shown)))
            chosen = () if wider == chosen else wider
        return chosen or (self._groups if self._trials.passes(self._groups) else None)

    def _noisy(self, suspicion: Suspicion) -> Groups:
        return tuple(group for group in self._groups if suspicion.is_noisy(group))

    def _fewer_kinds(self, enough: Groups) -> Groups:
        kinds = sorted(kinds_of(enough), key=lambda kind: self._preference(_of_kinds(enough, (kind,))))
        needed = tuple(kind for kind in kinds if any(map(self._is_needed, _of_kinds(enough, (kind,)))))
        others = [kind for kind in kinds if kind not in needed]
        kept = minimal_subset(others, lambda some: self._trials.passes(_of_kinds(enough, (*needed, *some))))
        return _of_kinds(enough, (*needed, *kept))

    def _fewer_layers(self, enough: Groups) -> None:
        costly = [kind for kind in kinds_of(enough) if self._added_time(_of_kinds(enough, (kind,))) >= _WORTH]
        for kind in sorted(costly, key=lambda kind: -self._added_time(_of_kinds(enough, (kind,)))):
            rest = tuple(group for group in enough if group.kind != kind or self._is_needed(group))
            layers = sorted(set(enough) - set(rest), key=lambda group: -self._suspicion.noise(group))
            kept = minimal_subset(layers, lambda some, rest=rest: self._trials.passes((*rest, *some)))  # type: ignore[misc]
            enough = tuple(group for group in enough if group in rest or group in kept)

    def _preference(self, groups: Groups) -> tuple[bool, float, float]:
        """Noisy kinds before others; of these the cheap ones, of those the ones that come nearest to being noisy."""
        noise = max(map(self._suspicion.noise, groups))
        noisy = any(map(self._suspicion.is_noisy, groups))
        return (not noisy, self._added_time(groups) if noisy else -noise, -noise)

    def _is_needed(self, group: OperationGroup) -> bool:
        """By the first trial where errors were taken apart in it, otherwise by all that ran `group` in 16 bits."""
        trials = [self._before] if self._suspicion.is_taken_apart else self._trials.made
        without = (trial for trial in trials if group.taps[0] not in trial.fp32)
        return any(Suspicion(trial, self._graph).is_needed(group, self._trials.limits) for trial in without)

    def _added_time(self, groups: Iterable[OperationGroup]) -> float:
        return self._times.added_time(groups)

    def _best(self) -> Groups:
        """The cheapest set that was measured to pass, the smallest of equals; empty where there is none."""
        passed = [self._of(trial) for trial in self._trials.made if trial.passes(self._trials.limits)]
        return min(passed, key=lambda groups: (self._added_time(groups), len(groups)), default=())

    def _of(self, trial: Trial) -> Groups:
        return tuple(group for group in self._groups if group.taps[0] in trial.fp32)

    def _result(self, status: str, chosen: Groups) -> SearchResult:
        most = max(self._trials.made, key=lambda trial: len(trial.fp32))
        return SearchResult(
            status,
            chosen,
            self._before,
            self._trials.trial(chosen) if chosen or status == "within" else most,
            self._times.relative_time(chosen),
            self._trials.builds,
            self._trials.made,
        )


def _of_kinds(groups: Groups, kinds: Sequence[str]) -> Groups:
    return tuple(group for group in groups if group.kind in kinds)
