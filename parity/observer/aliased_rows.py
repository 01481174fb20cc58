"""What aliasing means for a comparison: rows that show another tensor, or copies that saved them from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from parity.comparison import Comparison, TapResult
from parity.dump import Dump
from parity.finding import Finding
from parity.observer.aliasing import find_aliasing

__all__ = ["with_aliasing"]

_LISTED = 4
_SHOWN = "marked directly it shows another tensor than a copy of it does: its memory was written to again"


def with_aliasing(comparison: Comparison, candidate: Dump, other: Dump, *, copied: bool) -> Comparison:
    """Compare the candidate with itself, its taps marked in the other way.

    Args:
        comparison: of `candidate`.
        candidate: what was judged.
        other: the same candidate, marked otherwise.
        copied: `other` has the copies, so that it is the rows of `candidate` that aliasing makes worthless; otherwise
            they are safe, and a finding says what direct marks would show.

    Raises:
        ParityError: as `find_aliasing` names it.
    """
    aliased = find_aliasing(candidate, other) if copied else find_aliasing(other, candidate)
    rows = tuple(_row(row) if copied and row.tap in aliased else row for row in comparison.rows)
    finding = _finding(aliased, taps=len({row.tap for row in comparison.rows}), copied=copied)
    return replace(comparison, rows=rows, preflight=(*comparison.preflight, finding))


def _row(row: TapResult) -> TapResult:
    return replace(row, status="aliased", reason=_SHOWN)


def _finding(aliased: Sequence[str], *, taps: int, copied: bool) -> Finding:
    name, severity, subject = "marking", "note", f"{taps} taps"
    if not aliased:
        return Finding(
            name, severity, subject, "marked directly and as copies they agree: none shows another tensor", ""
        )
    listed = ", ".join(aliased[:_LISTED]) + (f" and {len(aliased) - _LISTED} more" if len(aliased) > _LISTED else "")
    if copied:
        return Finding(name, "warning", listed, _SHOWN, "put taps out as copies: copies=fp32")
    return Finding(name, severity, listed, f"{_SHOWN}; this run has the copies, and is right", "keep copies=fp32")
