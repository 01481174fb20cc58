"""Which lines a terminal shows: a tap each where something happens, a layer each where nothing new does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from parity.comparison import FAILING_STATUSES, STATUSES, Comparison, TapResult

__all__ = ["Line", "Section", "condense"]

# A status that few taps have is lost among many others unless it comes first: mismatches spread, NaN and the like less.
_WORST_FIRST = (
    *(status for status in reversed(list(STATUSES)) if status in FAILING_STATUSES),
    *(status for status in STATUSES if status not in FAILING_STATUSES and status != "match"),
    "match",
)
_STATUS_WIDTH = 20


@dataclass(frozen=True)
class Line:
    """One line of the table: a tap, or several of which each number is the worst.

    Attributes:
        label: the tap, ``layers.3.* (15)`` for a layer of 15 taps, ``* (93)`` for a phase.
        status: the tap's status, or counts by status.
        fails: whether a tap of this line fails the run.
        first: whether the first failing tap of the run is in this line.
        flagged: whether a tap of this line is flagged.
        taps: how many taps the line stands for.
        noise_ratio, worst_token_noise_ratio, mean_abs, max_abs, rel_l2: the largest of these taps.
        cosine: the smallest of these taps.
    """

    label: str
    status: str
    fails: bool
    first: bool
    flagged: bool
    taps: int
    noise_ratio: float | None
    worst_token_noise_ratio: float | None
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

    A layer is shown tap by tap where it holds the first failing tap of one of the statuses, and so are the taps
    outside the layers. Every other layer is one line; and so is every phase but the first and those
    with such a layer.

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
    """Phase and layer of the first failing row of each status."""
    opened: dict[str, tuple[str, int | None]] = {}
    for row in comparison.failures:
        opened.setdefault(row.status, (row.phase, row.layer))
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
    first = comparison.first_divergence
    noises = [row.noise for row in rows if row.noise is not None]
    errors = [row.errors for row in rows if row.errors is not None]
    return Line(
        label=_label(rows),
        status=_status(rows),
        fails=any(row.fails(strict=comparison.limits.strict) for row in rows),
        first=any(row is first for row in rows),
        flagged=any(row.flagged for row in rows),
        taps=len(rows),
        noise_ratio=_worst(max, [noise.noise_ratio for noise in noises]),
        worst_token_noise_ratio=_worst(max, [noise.worst_token_noise_ratio for noise in noises]),
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


def _status(rows: Sequence[TapResult]) -> str:
    """``mismatch`` for one tap, ``2 rounding, 13 match`` for several, ``1 not finite +14`` where that is too long."""
    if len(rows) == 1:
        return rows[0].status
    counts = Counter(row.status for row in rows)
    present = [status for status in _WORST_FIRST if counts[status]]
    text = ", ".join(f"{counts[status]} {status}" for status in present)
    if len(text) <= _STATUS_WIDTH:
        return text
    worst = present[0]
    return f"{counts[worst]} {worst} +{len(rows) - counts[worst]}"
