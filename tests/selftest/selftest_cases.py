"""Hand-made outcomes for tests of counting and wording."""

from __future__ import annotations

from parity.selftest.case import Case, Engine, Expectation, Network
from parity.selftest.outcome import Found, Outcome

__all__ = ["alarm", "control", "fault", "outcome"]


def fault(
    *expected: tuple[str, str], id: str = "B01", where: str = "layer 3", size: str = "base 1e4", dtype: str = "float32"
) -> Case:
    """A case with faults at taps, each with its cause."""
    expectations = tuple(Expectation(tap, (cause,) if cause else ()) for tap, cause in expected)
    return Case(id, where, size, dtype, Network(), expectations)


def control(id: str = "level-basic", dtype: str = "float32") -> Case:
    return Case(id, "", "", dtype, Engine())


def outcome(case: Case, *found: tuple[str, str], failing: bool = True, seconds: float = 1.25) -> Outcome:
    """What became of `case`: the taps that were named, each with its cause."""
    named = tuple(Found(tap, cause, f"the words of {cause}", 30.0) for tap, cause in found)
    return Outcome(case, named, failing, seconds)


def alarm(case: Case) -> Outcome:
    return outcome(case, ("layers.0.act", "activation_other"))
