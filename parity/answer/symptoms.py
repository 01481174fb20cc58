"""What is not a source: taps that pass errors on, that differ harmlessly, that fail without numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from parity.answer.sources import is_source
from parity.comparison import STATUSES, Comparison, TapResult
from parity.formatting import format_count

__all__ = ["coverage_sentence", "structure_sentences", "symptom_sentences"]

_LISTED = 4


def symptom_sentences(comparison: Comparison) -> tuple[str, ...]:
    """What carriers, amplifiers, harmless and aliased taps there are, phase by phase."""
    found: list[str] = []
    for phase, rows in _by_phase(comparison):
        failing = [row for row in rows if row.fails(strict=comparison.limits.strict) and row.diagnosis is not None]
        found += _heirs(failing, phase, comparison)
        found += _unblamed(failing)
        found += _harmless(rows)
        found += _aliased(rows)
    return tuple(found)


def structure_sentences(comparison: Comparison) -> tuple[str, ...]:
    """One sentence for each status of failing rows that have no numbers, unless their role tells more."""
    bare = [row for row in comparison.failures if row.errors is None and row.diagnosis is None]
    return tuple(
        _structure(status, rows) for status in STATUSES if (rows := [row for row in bare if row.status == status])
    )


def coverage_sentence(comparison: Comparison) -> str:
    """What could not be taken apart, and how to have it."""
    compared = [row for row in comparison.rows if row.errors is not None]
    if not any(row.diagnosis for row in comparison.rows):
        why = comparison.undiagnosed.rstrip(".")
        return f"Errors were not taken apart: {why}." if why else ""
    return " ".join(filter(None, (_coarse(comparison, compared), _without_noise(compared))))


def _coarse(comparison: Comparison, compared: Sequence[TapResult]) -> str:
    """Taps that were replayed through others, which were not captured."""
    known = {(row.phase, row.tap) for row in comparison.rows if row.candidate is not None}
    coarse = [row for row in compared if any((row.phase, name) not in known for name in row.inputs)]
    if not coarse:
        return ""
    return (
        f"What goes into {format_count(len(coarse))} of {format_count(len(compared))} compared taps was not captured: "
        "there an error is placed no finer than between two captured taps, and no cause is looked for. --taps all "
        "captures every operation."
    )


def _without_noise(compared: Sequence[TapResult]) -> str:
    lost = [row for row in compared if row.diagnosis is None]
    if not lost:
        return ""
    return f"The floor run holds no finite values of {_names(lost)}, so nothing tells what is noise there."


def _by_phase(comparison: Comparison) -> Iterator[tuple[str, list[TapResult]]]:
    for phase, rows in groupby(comparison.rows, key=lambda row: row.phase):
        yield phase, list(rows)


def _heirs(failing: Sequence[TapResult], phase: str, comparison: Comparison) -> Iterator[str]:
    roles = {role: [row for row in failing if _role(row) == role] for role in ("carrier", "amplifier")}
    heirs = [row for row in failing if _role(row) in roles]
    if not heirs:
        return
    parts = []
    if roles["carrier"]:
        parts.append(f"{_count(roles['carrier'], 'passes', 'pass')} it on")
    if roles["amplifier"]:
        parts.append(f"{_count(roles['amplifier'], 'makes', 'make')} it grow ({_names(roles['amplifier'], 2)})")
    several = len({row.phase for row in comparison.rows}) > 1
    where = f" of phase {phase}" if several else ""
    plural = "s fail" if len(heirs) > 1 else " fails"
    operations = "their operations are" if len(heirs) > 1 else "its operation is"
    reach = f", from {heirs[0].tap} to {heirs[-1].tap}" if len(heirs) > 1 else f", {heirs[0].tap}"
    yield (
        f"{format_count(len(heirs))} more tap{plural}{where} though {operations} right, for an error came in: "
        f"{' and '.join(parts)}{reach}."
    )


def _count(rows: Sequence[TapResult], singular: str, plural: str) -> str:
    return f"{format_count(len(rows))} {singular if len(rows) == 1 else plural}"


def _unblamed(failing: Sequence[TapResult]) -> Iterator[str]:
    """Failing rows whose operation and inputs are both within noise: errors that add up, each too small to blame."""
    rows = [row for row in failing if _role(row) == "clean" and not is_source(row) and row.status != "aliased"]
    if rows:
        yield (
            f"{_names(rows)}: beyond the limit as a whole, though neither the operation nor what came in is: small "
            "errors that add up."
        )


def _harmless(rows: Sequence[TapResult]) -> Iterator[str]:
    found = [row for row in rows if row.status == "harmless"]
    if found:
        yield (
            f"{_names(found)} {'differ' if len(found) > 1 else 'differs'} harmlessly: nothing that reads "
            f"{'them' if len(found) > 1 else 'it'} puts out anything else, so it can't reach the output."
        )


def _aliased(rows: Sequence[TapResult]) -> Iterator[str]:
    for row in rows:
        if row.status == "aliased":
            yield f"{row.tap}: {row.reason.rstrip('.')}. Mend the capture; the layer is right."


def _structure(status: str, rows: Sequence[TapResult]) -> str:
    first = rows[0]
    if len(rows) == 1:
        return f"{first.tap} ({first.phase}) is {_adjective(status)}: {first.reason.rstrip('.')}."
    return (
        f"{format_count(len(rows))} taps are {_adjective(status)}, the first is {first.tap} ({first.phase}): "
        f"{first.reason.rstrip('.')}."
    )


def _adjective(status: str) -> str:
    return "of another shape" if status == "shape" else status


def _role(row: TapResult) -> str:
    return row.diagnosis.role if row.diagnosis else ""


def _names(rows: Sequence[TapResult], listed: int = _LISTED) -> str:
    more = len(rows) - listed
    return ", ".join(row.tap for row in rows[:listed]) + (f" and {more} more" if more > 0 else "")
