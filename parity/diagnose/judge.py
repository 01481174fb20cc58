"""What follows from errors that were taken apart: each tap's role, and a status that agrees with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from parity.comparison import TapResult
from parity.diagnose.findings import PhaseFindings, find_aliased, find_harmless
from parity.diagnosis import Diagnosis, LocalError
from parity.limits import AppliedLimits
from parity.replay.local import Sides
from parity.replay.roles import role_of, role_reason

__all__ = ["with_roles"]


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


def _diagnosis(error: LocalError, limits: AppliedLimits, *, misread: bool) -> Diagnosis:
    if misread:
        return Diagnosis(error, "clean", "what it really read was not captured: one of its inputs shows another tensor")
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
