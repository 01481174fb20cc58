"""Intermediate results that several hypotheses share, kept as long as their case lives."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from parity.diagnose.case import SourceCase

__all__ = ["remembered"]

Result = TypeVar("Result")


def remembered(function: Callable[[SourceCase], Result]) -> Callable[[SourceCase], Result]:
    """`function`, computed once for each case; its result must not refer to the case."""
    results: WeakKeyDictionary[SourceCase, Result] = WeakKeyDictionary()

    @wraps(function)
    def lookup(case: SourceCase) -> Result:
        if case not in results:
            results[case] = function(case)
        return results[case]

    return lookup
