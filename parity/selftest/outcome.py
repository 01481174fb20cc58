"""What was found in a case against what was planted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from parity.comparison import TapResult
from parity.selftest.case import Case, Expectation

__all__ = ["UNEXPLAINED", "Found", "Outcome", "outcome_of"]

UNEXPLAINED = "unexplained"
"""Stands for the cause of a source that nothing explains."""

_OF_THE_CAPTURE = ("aliased", "missing", "shape")
"""Statuses that speak of a capture and not of an operation."""


@dataclass(frozen=True)
class Found:
    """A tap that was named.

    Attributes:
        tap: its name.
        cause: the hypothesis that explains it best, the status of a wrong capture; empty where nothing explains it.
        words: the cause in words, or what it looks like.
        noise_ratio: its local R; for a wrong capture, its R.
    """

    tap: str
    cause: str
    words: str
    noise_ratio: float


@dataclass(frozen=True)
class Outcome:
    """A case and what became of it.

    Attributes:
        case: the case.
        found: every tap that was named a source or a wrong capture, in graph order.
        failing: whether the comparison fails.
        seconds: how long it took to build, run, compare and diagnose it.
    """

    case: Case
    found: tuple[Found, ...]
    failing: bool
    seconds: float

    @property
    def detected(self) -> bool:
        """Whether the comparison fails, as it should with a fault in it; of a sound variant, a false alarm."""
        return self.failing

    @property
    def right_tap(self) -> bool:
        """Whether the first tap that was named is the planted one, and every other planted one is named."""
        named = [found.tap for found in self.found]
        expected = [expectation.tap for expectation in self.case.expected]
        return bool(named) and named[0] == expected[0] and set(expected) <= set(named)

    @property
    def right_cause(self) -> bool:
        """Whether every planted fault has one of its causes named first, at its tap, and nothing more is named."""
        named = {found.tap: found.cause.split("+") for found in self.found}
        return all(_names(named.get(tap, ()), expected) for tap, expected in self.case.expected_at.items())

    @property
    def found_tap(self) -> str:
        """The first tap that was named; of several faults, those that were planted and named."""
        return " ".join(found.tap for found in self._shown)

    @property
    def found_cause(self) -> str:
        """The causes of `found_tap`."""
        return " ".join(found.cause or UNEXPLAINED for found in self._shown)

    @property
    def elsewhere(self) -> tuple[Found, ...]:
        """What was named in layers without a fault; of a fault that sits everywhere, nothing."""
        if self.case.where == "everywhere":
            return ()
        homes = {expected.tap.rpartition(".")[0] for expected in self.case.expected}
        return tuple(found for found in self.found if found.tap.rpartition(".")[0] not in homes)

    @property
    def _shown(self) -> Sequence[Found]:
        if len(self.case.expected) < 2:
            return self.found[:1]
        expected = {expectation.tap for expectation in self.case.expected}
        return [found for place, found in enumerate(self.found) if place == 0 or found.tap in expected]


def _names(causes: Sequence[str], expected: Sequence[Expectation]) -> bool:
    """Whether there are as many causes as faults, and each fault has one of its own among them."""
    return len(causes) == len(expected) and all(set(one.causes or _OF_THE_CAPTURE) & set(causes) for one in expected)


def outcome_of(case: Case, rows: Sequence[TapResult], seconds: float) -> Outcome:
    """Read the rows of a diagnosed comparison."""
    found = tuple(_found(row) for row in rows if _is_named(row))
    return Outcome(case, found, any(row.fails() for row in rows), seconds)


def _is_named(row: TapResult) -> bool:
    if row.status == "harmless":
        return False
    return row.status in _OF_THE_CAPTURE or (row.diagnosis is not None and row.diagnosis.role == "source")


def _found(row: TapResult) -> Found:
    if row.status in _OF_THE_CAPTURE:
        return Found(row.tap, row.status, row.reason, row.noise.noise_ratio if row.noise else 0.0)
    assert row.diagnosis is not None
    local = row.diagnosis.local.local_noise_ratio
    if not row.diagnosis.causes:
        return Found(row.tap, "", row.diagnosis.signature, local)
    best = row.diagnosis.causes[0]
    return Found(row.tap, best.hypothesis, best.sentence, local)
