"""Spreading taps over several engines, each of which computes what the engine without taps does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from parity.taps import Tap

__all__ = ["MOST_BUILDS", "ProbeSets", "find_probe_sets"]

MOST_BUILDS = 64
"""Engines that are built to find sets, unless more are allowed; large ones take minutes each."""

_Logits = TypeVar("_Logits")
_Unit = tuple[Tap, ...]


@dataclass(frozen=True)
class ProbeSets:
    """Taps, spread over engines.

    Attributes:
        sets: taps of each engine, in graph order; every set was captured as it stands and found faithful.
        never: taps that change the engine even where they alone are marked.
        untried: taps that were in no faithful set when the builds were used up.
        builds: how many engines were built to find out.
    """

    sets: tuple[tuple[Tap, ...], ...]
    never: tuple[Tap, ...]
    untried: tuple[Tap, ...]
    builds: int


def find_probe_sets(
    taps: Sequence[Tap],
    *,
    capture: Callable[[Sequence[Tap]], _Logits],
    is_faithful: Callable[[_Logits], bool],
    most_builds: int = MOST_BUILDS,
) -> ProbeSets:
    """Partition `taps` into as few sets as leave an engine faithful where each is marked, in few builds.

    One build where all taps together are faithful. Otherwise taps of one kind, which the layers have in common, are
    added to a set kind by kind: where many break it, bisection finds the one that does. A kind that breaks an engine
    by itself is taken apart into its layers. There is one set where every tap breaks an engine by itself or not at
    all; where taps break it in pairs, sets are those of a greedy colouring. Bisection takes it for granted that fewer
    taps change no more, but every set that is returned was seen to be faithful.

    Args:
        taps: what is to be captured, in graph order.
        capture: builds an engine that puts out these taps, which come in graph order, and gives its logits.
        is_faithful: whether these logits are those of the engine without taps.
        most_builds: how often `capture` may be called.
    """
    order = {tap.name: place for place, tap in enumerate(taps)}
    trial = _Trial(capture, is_faithful, most_builds, order)
    sets, stubborn = _pack([], _by_kind(taps), trial)
    sets, alone = _pack(sets, [(tap,) for unit in stubborn for tap in unit], trial)

    def in_order(found: Iterable[Tap]) -> tuple[Tap, ...]:
        return tuple(sorted(found, key=lambda tap: order[tap.name]))

    return ProbeSets(
        sets=tuple(sorted(map(in_order, sets), key=lambda found: order[found[0].name])),
        never=in_order(tap for unit in alone if trial.has_seen(unit) for tap in unit),
        untried=in_order(tap for unit in alone if not trial.has_seen(unit) for tap in unit),
        builds=trial.builds,
    )


@dataclass
class _Trial(Generic[_Logits]):
    """Builds each engine once; when no more may be built, nothing else counts as faithful."""

    capture: Callable[[Sequence[Tap]], _Logits]
    is_faithful: Callable[[_Logits], bool]
    most_builds: int
    order: Mapping[str, int]
    _known: dict[frozenset[str], bool] = field(default_factory=dict)

    @property
    def builds(self) -> int:
        return len(self._known)

    def has_seen(self, unit: _Unit) -> bool:
        return frozenset(tap.name for tap in unit) in self._known

    def __call__(self, *units: _Unit) -> bool:
        taps = _joined(units)
        key = frozenset(tap.name for tap in taps)
        if key not in self._known:
            if self.builds >= self.most_builds:
                return False
            ordered = sorted(taps, key=lambda tap: self.order[tap.name])
            self._known[key] = self.is_faithful(self.capture(ordered))
        return self._known[key]


def _by_kind(taps: Sequence[Tap]) -> list[_Unit]:
    kinds: dict[str, list[Tap]] = {}
    for tap in taps:
        kinds.setdefault(tap.kind, []).append(tap)
    return [tuple(found) for found in kinds.values()]


def _pack(sets: Sequence[_Unit], units: Sequence[_Unit], trial: _Trial[_Logits]) -> tuple[list[_Unit], list[_Unit]]:
    """Fill `sets`, one after the other, with as many of `units` as fit, and open new ones for the rest.

    Returns:
        The sets, and the units that are faithful in none, not even alone.
    """
    if not sets and units and trial(*units):
        return [_joined(units)], []
    alone = [unit for unit in units if sets and not trial(unit)]
    waiting = [unit for unit in units if unit not in alone]
    packed: list[_Unit] = []
    for found in sets:
        grown, waiting = _grow(found, waiting, trial)
        packed.append(grown)
    while waiting:
        first, *rest = waiting
        if trial(first):
            grown, waiting = _grow(first, rest, trial)
            packed.append(grown)
        else:
            alone.append(first)
            waiting = rest
    return packed, alone


def _grow(found: _Unit, waiting: Sequence[_Unit], trial: _Trial[_Logits]) -> tuple[_Unit, list[_Unit]]:
    """Add to `found`, which is faithful, whatever of `waiting` leaves it so; what does not comes back."""
    aside: list[_Unit] = []
    while waiting:
        fit = _longest_fit(found, waiting, trial)
        found = _joined((found, *waiting[:fit]))
        aside += waiting[fit : fit + 1]
        waiting = waiting[fit + 1 :]
    return found, aside


def _longest_fit(found: _Unit, waiting: Sequence[_Unit], trial: _Trial[_Logits]) -> int:
    """How many of `waiting`, from the first on, leave `found` faithful together; by bisection."""
    if trial(found, *waiting):
        return len(waiting)
    fit, broken = 0, len(waiting)
    while broken - fit > 1:
        middle = (fit + broken) // 2
        if trial(found, *waiting[:middle]):
            fit = middle
        else:
            broken = middle
    return fit


def _joined(units: Iterable[_Unit]) -> _Unit:
    return tuple(tap for unit in units for tap in unit)
