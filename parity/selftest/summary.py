"""Rates by group, the targets that they should meet, and what was missed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from parity.selftest.cases import GROUPS
from parity.selftest.outcome import UNEXPLAINED, Outcome

__all__ = ["TARGETS", "GroupRates", "Target", "group_rates", "missed", "unmet"]


@dataclass(frozen=True)
class Target:
    """What is asked for in one dtype.

    Attributes:
        detected: least share of faults that fail the comparison.
        right_tap, right_cause: least share of them whose source and cause are named rightly.
        false_alarms: how many sound variants may fail.
    """

    detected: float
    right_tap: float
    right_cause: float
    false_alarms: int = 0


TARGETS = {"float32": Target(1.0, 0.95, 0.85), "float16": Target(0.9, 0.0, 0.0), "bfloat16": Target(0.0, 0.0, 0.0)}
"""Targets by the candidate's dtype. 16 bits hide faults that are smaller than one rounding."""


@dataclass(frozen=True)
class GroupRates:
    """How one group did in one dtype.

    Attributes:
        dtype: the candidates'.
        group: as `Case.group` says.
        cases: how many.
        detected, right_tap, right_cause: how many of them.
        elsewhere: taps that were named in layers without a fault.
        seconds: of all of them together.
    """

    dtype: str
    group: str
    cases: int
    detected: int
    right_tap: int
    right_cause: int
    elsewhere: int
    seconds: float


def group_rates(outcomes: Sequence[Outcome]) -> tuple[GroupRates, ...]:
    """The rates of every group that has cases, dtype by dtype."""
    return tuple(_all_rates(outcomes))


def _all_rates(outcomes: Sequence[Outcome]) -> Iterator[GroupRates]:
    for dtype in dict.fromkeys(outcome.case.dtype for outcome in outcomes):
        for group in GROUPS:
            mine = [found for found in outcomes if found.case.dtype == dtype and found.case.group == group]
            if mine:
                yield _rates(dtype, group, mine)


def _rates(dtype: str, group: str, mine: Sequence[Outcome]) -> GroupRates:
    def count(says: Callable[[Outcome], bool]) -> int:
        return sum(map(says, mine))

    is_control = mine[0].case.is_control
    return GroupRates(
        dtype,
        group,
        len(mine),
        count(lambda outcome: outcome.detected),
        0 if is_control else count(lambda outcome: outcome.right_tap),
        0 if is_control else count(lambda outcome: outcome.right_cause),
        sum(len(outcome.elsewhere) for outcome in mine),
        sum(outcome.seconds for outcome in mine),
    )


def unmet(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """The targets that are not met, in words."""
    found: list[str] = []
    for dtype in dict.fromkeys(outcome.case.dtype for outcome in outcomes):
        mine = [outcome for outcome in outcomes if outcome.case.dtype == dtype]
        found += _unmet(dtype, mine, TARGETS[dtype])
    return tuple(found)


def _unmet(dtype: str, outcomes: Sequence[Outcome], target: Target) -> Iterator[str]:
    faults = [outcome for outcome in outcomes if not outcome.case.is_control]
    asked = (
        ("detected", target.detected, lambda outcome: outcome.detected),
        ("right tap", target.right_tap, lambda outcome: outcome.right_tap),
        ("right cause", target.right_cause, lambda outcome: outcome.right_cause),
    )
    for words, least, says in asked:
        rate = sum(map(says, faults)) / len(faults) if faults else 1.0
        if rate < least:
            yield f"{dtype}: {words} {rate:.1%} of {len(faults)} faults, at least {least:.0%} is asked for"
    alarms = [outcome for outcome in outcomes if outcome.case.is_control and outcome.detected]
    if len(alarms) > target.false_alarms:
        yield f"{dtype}: {len(alarms)} false alarms, none is allowed"


def missed(outcome: Outcome) -> str:
    """What went wrong with a case, in a line; empty where nothing did."""
    case = outcome.case
    if case.is_control:
        return f"false alarm at {outcome.found_tap}: {_words(outcome)}" if outcome.detected else ""
    if not outcome.detected:
        return "not detected: smaller than what noise makes at every tap"
    expected = " ".join(case.expected_at)
    if not outcome.right_tap:
        return f"found at {outcome.found_tap or 'no source'} instead of {expected}: {_words(outcome)}"
    if not outcome.right_cause:
        causes = " ".join("/".join(expectation.causes) for expectation in case.expected)
        found = "not explained," if outcome.found_cause == UNEXPLAINED else f"explained by {outcome.found_cause}"
        return f"{found} instead of {causes}: {_words(outcome)}"
    return ""


def _words(outcome: Outcome) -> str:
    return outcome.found[0].words if outcome.found else "no tap is a source"
