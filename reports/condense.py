"""Which lines a terminal shows: a tap each where something happens, a layer each where nothing new does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from parity.answer import make_answer
from parity.answer.sources import is_source
from parity.comparison import FAILING_STATUSES, STATUSES, Comparison, TapResult

__all__ = ["Line", "Section", "condense"]

# A status that few taps have is lost among many others unless it comes first: mismatches spread, NaN and the like less.
_WORST_FIRST = (
    *(status for status in reversed(list(STATUSES)) if status in FAILING_STATUSES),
    *(status for status in STATUSES if status not in FAILING_STATUSES and status != "match"),
    "match",
)
_STATUS_WIDTH = 20
_ROLES = ("source", "carrier", "amplifier", "clean")
_ROLE_WIDTH = 12
_HEIRS = ("amplifier", "carrier")


@dataclass(frozen=True)
class Line:
    """One line of the table: a tap, or several of which each number is the worst.

    Attributes:
        label: the tap, ``layers.3.* (15)`` for a layer of 15 taps, ``* (93)`` for a phase.
        status: the tap's status, or counts by status.
        role: the tap's role, or counts by role; empty where errors were not taken apart.
        fails: whether a tap of this line fails the run.
        first: whether a source is in this line or, where errors were not taken apart, the first failing tap.
        flagged: whether a tap of this line is flagged.
        taps: how many taps the line stands for.
        noise_ratio, worst_token_noise_ratio, local_noise_ratio, mean_abs, max_abs, rel_l2: the largest of these taps.
        cosine: the smallest of these taps.
    """

    label: str
    status: str
    role: str
    fails: bool
    first: bool
    flagged: bool
    taps: int
    noise_ratio: float | None
    worst_token_noise_ratio: float | None
    local_noise_ratio: float | None
    mean_abs: float | None
    max_abs: float | None
    rel_l2: float | None
    cosine: float | None


@dataclass(frozen=True)
class Section:
    """The lines of one phase, in graph order."""

    phase: str
    lines: tuple[Line, ...]


def condense(comparison: Comparison, *, verbose: bool) -> tuple[Section, ...]:
    """The lines to show, phase by phase; every row is in exactly one of them.

    A layer is shown tap by tap where it holds the first failing tap of one of the statuses or the first source of an
    error of its own, and so are the taps outside the layers. Every other layer is one line; and so is every phase but
    the first and those with such a layer.

    Args:
        comparison: what to show.
        verbose: show every tap.
    """
    opened = _opened_layers(comparison)
    opened_phases = {comparison.rows[0].phase, *(phase for phase, _ in opened)}
    sections = []
    for phase, group in groupby(comparison.rows, key=lambda row: row.phase):
        rows = tuple(group)
        groups = [rows]
        if verbose:
            groups = [(row,) for row in rows]
        elif phase in opened_phases:
            groups = _by_layer(rows, opened)
        sections.append(Section(phase, tuple(_line(members, comparison) for members in groups)))
    return tuple(sections)


def _opened_layers(comparison: Comparison) -> set[tuple[str, int | None]]:
    """Phase and layer of the first failing row of each status, and of the first source of each group."""
    failures = comparison.failures
    # A tap that only passes an error on shows nothing that its source does not, unless that was not taken apart.
    told = [row for row in failures if row.diagnosis is None or row.diagnosis.role not in _HEIRS] or failures[:1]
    opened: dict[str, tuple[str, int | None]] = {}
    for row in told:
        opened.setdefault(row.status, (row.phase, row.layer))
    for group in make_answer(comparison).groups:
        rows = [source.row for source in (group.lead, *group.others)]
        first = min(rows, key=comparison.rows.index)
        opened[first.key] = first.phase, first.layer
    return set(opened.values())


def _by_layer(rows: Sequence[TapResult], opened: set[tuple[str, int | None]]) -> list[tuple[TapResult, ...]]:
    """The rows of each layer together; those of opened layers and outside the layers each alone."""
    groups: list[tuple[TapResult, ...]] = []
    for layer, group in groupby(rows, key=lambda row: row.layer):
        members = tuple(group)
        alone = layer is None or (members[0].phase, layer) in opened
        groups += [(row,) for row in members] if alone else [members]
    return groups


def _line(rows: Sequence[TapResult], comparison: Comparison) -> Line:
    noises = [row.noise for row in rows if row.noise is not None]
    errors = [row.errors for row in rows if row.errors is not None]
    return Line(
        label=_label(rows),
        status=_counts([row.status for row in rows], _WORST_FIRST, _STATUS_WIDTH),
        role=_counts([row.diagnosis.role for row in rows if row.diagnosis], _ROLES, _ROLE_WIDTH),
        fails=any(row.fails(strict=comparison.limits.strict) for row in rows),
        first=any(_is_first(row, comparison) for row in rows),
        flagged=any(row.flagged for row in rows),
        taps=len(rows),
        noise_ratio=_worst(max, [noise.noise_ratio for noise in noises]),
        worst_token_noise_ratio=_worst(max, [noise.worst_token_noise_ratio for noise in noises]),
        local_noise_ratio=_worst(max, [row.diagnosis.local.local_noise_ratio for row in rows if row.diagnosis]),
        mean_abs=_worst(max, [error.mean_abs for error in errors]),
        max_abs=_worst(max, [error.max_abs for error in errors]),
        rel_l2=_worst(max, [error.rel_l2 for error in errors]),
        cosine=_worst(min, [error.cosine for error in errors]),
    )


def _label(rows: Sequence[TapResult]) -> str:
    if len(rows) == 1:
        return rows[0].tap
    layers = {row.layer for row in rows}
    pattern = f"layers.{rows[0].layer}.*" if len(layers) == 1 else "*"
    return f"{pattern} ({len(rows)})"


def _worst(pick: Callable[[list[float]], float], values: list[float]) -> float | None:
    return pick(values) if values else None


def _is_first(row: TapResult, comparison: Comparison) -> bool:
    return is_source(row) if row.diagnosis is not None else row is comparison.first_divergence


def _counts(names: Sequence[str], worst_first: Sequence[str], width: int) -> str:
    """``mismatch`` for one tap, ``2 rounding, 13 match`` for several, ``1 not finite +14`` where that is too long."""
    if len(names) <= 1:
        return "".join(names)
    counts = Counter(names)
    present = [name for name in worst_first if counts[name]]
    text = ", ".join(f"{counts[name]} {name}" for name in present)
    if len(text) <= width:
        return text
    worst = present[0]
    return f"{counts[worst]} {worst} +{len(names) - counts[worst]}"
