"""Diagnosing a comparison: roles for every tap, causes and cost for every source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from parity.compare_dumps import phase_subject
from parity.comparison import Comparison, TapResult
from parity.cost import Prices
from parity.diagnose.findings import PhaseFindings, findings_of, take_apart
from parity.diagnose.judge import with_false_captures, with_roles
from parity.diagnose.sources import SourceDoctor
from parity.diagnosis import Diagnosis, LogitCost
from parity.dtypes import dtype_info
from parity.dump import Dump
from parity.dump.recent import RecentArrays
from parity.errors import ParityError
from parity.measure import Subject
from parity.replay import Reference, ReferenceWeights, Sides
from parity.replay.fed import FedStream
from parity.replay.own_weights import truth_distance_allowed

__all__ = ["Announce", "diagnose_dumps", "diagnosed_rows", "judge_roles_again"]

Announce = Callable[[str], AbstractContextManager[None]]
"""Told what takes time now; entered before and left after it."""


def _silently(text: str) -> AbstractContextManager[None]:
    return nullcontext()


def diagnose_dumps(
    comparison: Comparison,
    reference: Dump,
    candidate: Dump,
    *,
    weights: ReferenceWeights,
    floors: Sequence[Dump] = (),
    announce: Announce = _silently,
) -> Comparison:
    """Add to `comparison` what replaying the reference's operations on the captured inputs says.

    Args:
        comparison: of these dumps, not diagnosed yet.
        reference: the truth.
        candidate: what is judged.
        weights: the reference's stored weights.
        floors: as for `compare_dumps`; the first one is taken apart.
        announce: told what takes time.

    Raises:
        ParityError: `weights` do not reproduce the truth, so nothing may be concluded from them.
    """
    rows: list[TapResult] = []
    logits: list[LogitCost] = []
    for phase in reference.manifest.phases:
        subject = phase_subject(phase.name, reference, candidate, floors=floors)
        old = {row.tap: row for row in comparison.rows if row.phase == phase.name}
        sides, replayed = _sides(subject, candidate), Reference(weights, subject.tokens)
        with announce(f"taking the errors of {len(old)} taps apart"):
            found = take_apart(replayed, subject.graph, old, sides)
            _require_own_weights(found, reference, int(subject.tokens.positions.max()))
            judged = with_roles(old, found, sides)
        rows += _examined(judged, found, SourceDoctor(replayed, subject.graph, sides), announce)
        if "logits" in found.rows and found.rows["logits"].errors is not None:
            logits.append(Prices(replayed, subject.graph, sides).whole)
    return replace(comparison, rows=tuple(rows), logits=logits[0] if logits else None)


def judge_roles_again(comparison: Comparison, diagnosed: Comparison, reference: Dump, candidate: Dump) -> Comparison:
    """Carry the diagnosis of the same dumps, `diagnosed`, over to `comparison`, which was judged by other limits.

    Errors that were taken apart stay what they are; roles and what follows from them are judged anew. Causes and
    costs are kept for taps that still are sources. No weights are needed, so a tap that is a source by the new limits
    alone has none.
    """
    rows: list[TapResult] = []
    for phase in reference.manifest.phases:
        subject = phase_subject(phase.name, reference, candidate, floors=())
        new = {row.tap: row for row in comparison.rows if row.phase == phase.name}
        known = {row.tap: row.diagnosis for row in diagnosed.rows if row.phase == phase.name and row.diagnosis}
        errors = {tap: diagnosis.local for tap, diagnosis in known.items()}
        sides = _sides(subject, candidate)
        found = findings_of(subject.graph, new, errors, sides)
        explained = [_with_known_causes(row, known) for row in with_roles(new, found, sides)]
        rows += with_false_captures(explained, found)
    return replace(
        comparison,
        rows=tuple(rows),
        logits=diagnosed.logits,
        undiagnosed=diagnosed.undiagnosed,
        preflight=diagnosed.preflight,
    )


def _sides(subject: Subject, candidate: Dump) -> Sides:
    floor = RecentArrays(subject.floors[0]) if subject.floors else None
    truth, dtype = RecentArrays(subject.reference), dtype_info(subject.candidate_dtype)
    alone = candidate.manifest.runner.flags.get("layers") == "isolated"
    fed = FedStream(truth, subject.graph, dtype.numpy) if alone else {}
    return Sides(truth, RecentArrays(subject.candidate), floor, dtype, fed=fed)


def _require_own_weights(found: PhaseFindings, reference: Dump, last_position: int) -> None:
    dtype = reference.manifest.runner.dtype
    wrong = {
        name: distance
        for name, distance in found.truth_rel_l2.items()
        if distance > truth_distance_allowed(found.graph[name], dtype=dtype, last_position=last_position)
    }
    if wrong:
        first, distance = next(iter(wrong.items()))
        raise ParityError(
            f"{reference.path}: replay does not reproduce the truth at {first} (rel-L2 {distance:.3g}) and "
            f"{len(wrong) - 1} other taps",
            cure="give the folder that the reference was recorded from",
        )


def diagnosed_rows(
    rows: Mapping[str, TapResult], found: PhaseFindings, sides: Sides, doctor: SourceDoctor
) -> list[TapResult]:
    """`rows` of one phase, by tap, with what `found` says of them, and causes and costs for sources."""
    return _examined(with_roles(rows, found, sides), found, doctor, _silently)


def _examined(
    rows: Sequence[TapResult], found: PhaseFindings, doctor: SourceDoctor, announce: Announce
) -> list[TapResult]:
    sources = [row.tap for row in rows if row.diagnosis is not None and row.diagnosis.role == "source"]
    if not sources:
        return list(rows)
    many = f"{len(sources)} taps" if len(sources) > 1 else sources[0]
    with announce(f"looking for what is wrong in {many}, and what it costs"):
        explained = [doctor.examine(row) if row.tap in sources else row for row in rows]
    return with_false_captures(explained, found)


def _with_known_causes(row: TapResult, known: Mapping[str, Diagnosis]) -> TapResult:
    if row.diagnosis is None or row.diagnosis.role != "source":
        return row
    old = known[row.tap]
    if old.role != "source":
        signature = "causes were not looked for: it is a source by limits that were given after the diagnosis"
        return replace(row, diagnosis=replace(row.diagnosis, signature=signature))
    kept = replace(row.diagnosis, causes=old.causes, signature=old.signature, cost=old.cost)
    return replace(row, diagnosis=kept)
