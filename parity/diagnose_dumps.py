"""Diagnosing a comparison: roles for every tap, causes and cost for every source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from parity.compare_dumps import phase_subject
from parity.comparison import Comparison, TapResult
from parity.cost import logits_cost
from parity.diagnose.findings import PhaseFindings, find_aliased, find_harmless, take_apart
from parity.diagnose.sources import SourceDoctor
from parity.diagnosis import Diagnosis, LocalError, LogitCost
from parity.dtypes import dtype_info
from parity.dump import Dump
from parity.dump.recent import RecentArrays
from parity.errors import ParityError
from parity.limits import AppliedLimits
from parity.measure import Subject
from parity.replay import Reference, ReferenceWeights, Sides
from parity.replay.roles import role_of, role_reason

__all__ = ["diagnose_dumps", "diagnosed_rows"]

_TRUTH_ROUNDINGS = 1e3
"""The truth may differ from replay by this many unit roundoffs of its own dtype."""


def diagnose_dumps(
    comparison: Comparison,
    reference: Dump,
    candidate: Dump,
    *,
    weights: ReferenceWeights,
    floors: Sequence[Dump] = (),
) -> Comparison:
    """Add to `comparison` what replaying the reference's operations on the captured inputs says.

    Args:
        comparison: of these dumps.
        reference: the truth.
        candidate: what is judged.
        weights: the reference's stored weights.
        floors: as for `compare_dumps`; the first one is taken apart.

    Raises:
        ParityError: `weights` do not reproduce the truth, so nothing may be concluded from them.
    """
    rows: list[TapResult] = []
    costs: list[LogitCost] = []
    for phase in reference.manifest.phases:
        subject = phase_subject(phase.name, reference, candidate, floors=floors)
        old = {row.tap: row for row in comparison.rows if row.phase == phase.name}
        sides = _sides(subject)
        replayed = Reference(weights, subject.tokens)
        found = take_apart(replayed, subject.graph, old, sides)
        _require_own_weights(found, reference)
        rows += diagnosed_rows(old, found, sides, SourceDoctor(replayed, subject.graph, sides))
        if "logits" in found.rows:
            costs.append(logits_cost(replayed, subject.graph, sides))
    return replace(comparison, rows=tuple(rows), logits=costs[0] if costs else None)


def _sides(subject: Subject) -> Sides:
    floor = RecentArrays(subject.floors[0]) if subject.floors else None
    return Sides(
        RecentArrays(subject.reference), RecentArrays(subject.candidate), floor, dtype_info(subject.candidate_dtype)
    )


def _require_own_weights(found: PhaseFindings, reference: Dump) -> None:
    unit_roundoff = dtype_info(reference.manifest.runner.dtype).unit_roundoff
    wrong = [name for name, distance in found.truth_rel_l2.items() if distance > _TRUTH_ROUNDINGS * unit_roundoff]
    if wrong:
        first, distance = wrong[0], found.truth_rel_l2[wrong[0]]
        raise ParityError(
            f"{reference.path}: replay does not reproduce the truth at {first} (rel-L2 {distance:.3g}) and "
            f"{len(wrong) - 1} other taps",
            cure="give the folder that the reference was recorded from",
        )


def diagnosed_rows(
    old: Mapping[str, TapResult], found: PhaseFindings, sides: Sides, doctor: SourceDoctor
) -> list[TapResult]:
    """The rows `old` of one phase, with the diagnosis of those that were taken apart."""
    harmless = find_harmless(found)
    aliased = find_aliased(found, sides, harmless)
    misread = {reader for name in aliased for reader in found.consumers[name]}
    rows = []
    for name, row in old.items():
        if name in found.rows:
            diagnosis = _diagnosis(found.errors[name], row.limits, misread=name in misread)
            if diagnosis.role == "source":
                limit, price = row.limits.noise_ratio, name not in harmless and name not in aliased
                diagnosis = doctor.examine(found.graph[name], diagnosis, noise_limit=limit, price=price)
            row = _with_diagnosis(row, diagnosis, harmless=name in harmless, shows=aliased.get(name, ""))
        rows.append(row)
    return rows


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
