"""Smallest subsets that pass, with few tests.

U. Junker, QuickXplain: Preferred Explanations and Relaxations for Over-Constrained Problems, AAAI 2004: of n units, of
which k are needed, at most about 2k log2(n / k) + 2k tests; delta debugging needs the square of n.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

__all__ = ["minimal_subset"]

_T = TypeVar("_T")


def minimal_subset(units: Sequence[_T], passes: Callable[[Sequence[_T]], bool]) -> tuple[_T, ...]:
    """A subset of `units` that passes, and none of whose units can be left out.

    Of several such subsets, the one that does without the last unit, then without the one before it, and so on.

    Args:
        units: all of them together pass; the most preferred first.
        passes: tests a subset. It is taken to be monotone: more units never do harm.
    """
    if not units or passes(()):
        return ()
    return _minimal((), False, tuple(units), passes)


def _minimal(
    given: tuple[_T, ...], changed: bool, units: tuple[_T, ...], passes: Callable[[Sequence[_T]], bool]
) -> tuple[_T, ...]:
    """What has to be taken from `units` beside `given`; `changed` since `given` was last known to fail."""
    if changed and passes(given):
        return ()
    if len(units) == 1:
        return units
    half = (len(units) + 1) // 2
    preferred, others = units[:half], units[half:]
    from_others = _minimal(given + preferred, True, others, passes)
    from_preferred = _minimal(given + from_others, bool(from_others), preferred, passes)
    return from_preferred + from_others
