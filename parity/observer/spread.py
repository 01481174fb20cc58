"""A runner whose taps are spread over several engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from parity.observer.observe import LOGITS
from parity.observer.probe_sets import ProbeSets
from parity.runner import PROBE_SETS_FLAG, EngineLayer, InspectableRunner, Runner, RunnerInfo, Sink, SplittingRunner
from parity.taps import Tap
from parity.tokens import Phase

__all__ = ["SpreadRunner"]


class SpreadRunner:
    """Captures each of `sets` in an engine of its own.

    The logits are those of the first engine: each has the same, as far as the engine without taps tells.

    Args:
        runner: builds an engine for each capture.
        sets: what `find_probe_sets` found for it.
    """

    def __init__(self, runner: Runner, sets: ProbeSets) -> None:
        self._runner = runner
        self._sets = sets
        self._layers: tuple[EngineLayer, ...] = ()
        self._engines = 0

    def describe(self) -> RunnerInfo:
        """The runner's own words, with the number of engines and the taps that no faithful engine gives."""
        info = self._runner.describe()
        flags = {**info.flags, PROBE_SETS_FLAG: str(max(1, len(self._sets.sets)))}
        return replace(info, flags=flags, not_observable={**info.not_observable, **self._lost()})

    def layers(self) -> tuple[EngineLayer, ...]:
        """The layers of all engines of the last capture."""
        return self._layers

    def engines(self) -> int:
        """How many engines the last capture took: as many as sets, or more where memory split one again."""
        return self._engines

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        """Run `phase` once for each set that has some of `taps`, and hand each tap to `sink`."""
        asked = {tap.name for tap in taps}
        logits = [tap for tap in taps if tap.name == LOGITS]
        groups = [[tap for tap in found if tap.name in asked] for found in self._sets.sets]
        self._layers, self._engines = (), 0
        # Every engine puts out its logits, asked or not, so that it is the very engine that was found faithful.
        for group in list(filter(None, groups)) or [[]]:
            self._runner.capture(phase, [*group, *logits], _once(sink, asked))
            if isinstance(self._runner, InspectableRunner):
                self._layers += self._runner.layers()
            self._engines += self._runner.engines() if isinstance(self._runner, SplittingRunner) else 1

    def _lost(self) -> Mapping[str, str]:
        never = "marking it alone changes the logits beyond chance: no engine that gives it computes what yours does"
        untried = "no faithful engine was found for it within the builds that were allowed"
        return {
            **{tap.name: never for tap in self._sets.never},
            **{tap.name: untried for tap in self._sets.untried},
        }


def _once(sink: Sink, waiting: set[str]) -> Sink:
    """Hand on what is still waited for."""

    def hand_on(name: str, array: npt.NDArray[Any]) -> None:
        if name in waiting:
            waiting.discard(name)
            sink(name, array)

    return hand_on
