"""What follows from errors that were taken apart: each tap's role, and a status that agrees with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from parity.comparison import TapResult
from parity.diagnose.findings import PhaseFindings, find_aliased, find_harmless
from parity.diagnosis import Diagnosis, LocalError
from parity.limits import AppliedLimits
from parity.replay.local import Sides
from parity.replay.roles import role_of, role_reason

__all__ = ["with_false_captures", "with_roles"]


_MISREAD = "what it really read was not captured: one of its inputs shows another tensor"


def with_roles(rows: Mapping[str, TapResult], found: PhaseFindings, sides: Sides) -> tuple[TapResult, ...]:
    """The rows of one phase, as `parity.compare` judged them, with the roles that `found` gives; without causes.

    Args:
        rows: by tap, in graph order.
        found: which of them were replayed.
        sides: what both sides captured.
    """
    harmless = find_harmless(found)
    aliased = find_aliased(found, sides, harmless)
    misread = {reader for name in aliased for reader in found.consumers[name]}
    judged = []
    for name, row in rows.items():
        if name in found.rows:
            diagnosis = _diagnosis(found.errors[name], row.limits, misread=name in misread)
            row = _with_diagnosis(row, diagnosis, harmless=name in harmless, shows=aliased.get(name, ""))
        judged.append(row)
    return tuple(judged)


def with_false_captures(rows: Sequence[TapResult], found: PhaseFindings) -> list[TapResult]:
    """`rows` of one phase, explained, in which no source is left that nothing explains and everything contradicts.

    Where all that was computed from a tap is right, and would not be had it read what was captured, either several
    operations undo a fault that one of them has, or the capture is false. A fault that can be undone has a cause.
    """
    false = {row.tap for row in rows if row.tap in found.contradicted() and _is_unexplained_source(row)}
    misread = {reader for name in false for reader in found.consumers[name]}
    return [
        _false_capture(row) if row.tap in false else _misread(row, found) if row.tap in misread else row for row in rows
    ]


def _is_unexplained_source(row: TapResult) -> bool:
    diagnosis = row.diagnosis
    if diagnosis is None or diagnosis.role != "source" or row.status != "mismatch":
        return False
    return not (diagnosis.causes and diagnosis.causes[0].leaves_rounding(row.limits))


def _false_capture(row: TapResult) -> TapResult:
    reason = "the capture shows memory of something else: what was computed from this tap is right, and not from these"
    return replace(row, status="aliased", reason=f"{reason} values")


def _misread(row: TapResult, found: PhaseFindings) -> TapResult:
    """A row that is right and only looked wrong on the values that a false capture shows."""
    return replace(found.rows[row.tap], diagnosis=Diagnosis(found.errors[row.tap], "clean", _MISREAD))


def _diagnosis(error: LocalError, limits: AppliedLimits, *, misread: bool) -> Diagnosis:
    if misread:
        return Diagnosis(error, "clean", _MISREAD)
    role = role_of(error, limits)
    return Diagnosis(error, role, role_reason(role, error, limits))


def _with_diagnosis(row: TapResult, diagnosis: Diagnosis, *, harmless: bool, shows: str) -> TapResult:
    row = replace(row, diagnosis=diagnosis)
    if harmless:
        reason = f"{row.reason}; yet no operation that reads it puts out anything else"
        return replace(row, status="harmless", reason=reason)
    if shows:
        reason = f"the capture shows {shows}: what was computed from this tap is right, and not from these values"
        return replace(row, status="aliased", reason=reason)
    if diagnosis.role == "source" and row.status in ("match", "rounding"):
        reason = f"{diagnosis.reason}, although the free run hides it ({row.reason})"
        return replace(row, status="mismatch", reason=reason)
    return row
