"""R and rel-L2 of every tap in graph order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from parity.comparison import Comparison, TapResult
from parity.errors import ParityError
from parity.reports.plots.plot import CANDIDATE, FLOOR, LIMIT, QUIET, Plot, frame, on_log_axis

__all__ = ["draw_layers", "phase_rows", "plot_depth"]

_LABELLED_LAYERS = 16
_CROWDED = 300


def plot_depth(comparison: Comparison, *, phase: str | None = None) -> Plot:
    """Error against depth: R with the floor and the limits drawn in, and the rel-L2 that it is made of.

    Args:
        comparison: what to show.
        phase: which phase; by default that of the first divergence, or the first one.

    Raises:
        ParityError: there is no such phase.
    """
    rows = phase_rows(comparison, phase)
    phase = rows[0].phase
    with_floor = any(row.noise for row in rows)
    strict = comparison.limits.strict
    title, caption = _title(rows, phase, strict=strict), _caption(with_floor)
    plot, axes = frame(title, caption, height=5.2 if with_floor else 3.4, rows=1 + with_floor)
    if with_floor:
        _draw_ratio(axes[0], rows, strict=strict)
    _draw_distance(axes[-1], rows, strict=strict)
    draw_layers(axes, rows)
    return plot


def phase_rows(comparison: Comparison, phase: str | None) -> list[TapResult]:
    """The rows of `phase`; by default of that of the first divergence, or of the first one.

    Raises:
        ParityError: there is no such phase.
    """
    first = comparison.first_divergence
    phase = phase or (first.phase if first else comparison.rows[0].phase)
    rows = [row for row in comparison.rows if row.phase == phase]
    if not rows:
        phases = dict.fromkeys(row.phase for row in comparison.rows)
        raise ParityError(f"no phase {phase!r}", cure=f"there are {', '.join(phases)}")
    return rows


def _title(rows: Sequence[TapResult], phase: str, *, strict: bool) -> str:
    failing = [row for row in rows if row.fails(strict=strict)]
    where = f"leaves the reference at {failing[0].tap}" if failing else "stays with the reference"
    return f"The candidate {where} ({phase})"


def _caption(with_floor: bool) -> str:
    ratio = (
        "R is the candidate's error per token in units of the noise floor's: 1 is what this dtype costs any correct "
        "port; crosses lie beyond a limit. "
    )
    ends = (
        "Taps stand in graph order, exact ones at the lower edge; grey ticks are taps whose values were not compared."
    )
    return (ratio if with_floor else "No noise floor was recorded. ") + ends


def _draw_ratio(axis: Axes, rows: Sequence[TapResult], *, strict: bool) -> None:
    median, worst = on_log_axis(
        (row.noise.noise_ratio if row.noise else None for row in rows),
        (row.noise.worst_token_noise_ratio if row.noise else None for row in rows),
    )
    places = np.arange(len(rows))
    axis.scatter(places, worst, marker="_", s=18, color=QUIET, linewidths=1, label="R, worst token")
    _draw_by_verdict(axis, median, rows, strict=strict, label="R, median token")
    axis.axhline(1, color=FLOOR, linewidth=1, label="noise floor")
    axis.step(
        places, [row.limits.noise_ratio for row in rows], where="mid", color=LIMIT, linewidth=1, label="limit, median"
    )
    limits = [row.limits.worst_token_noise_ratio for row in rows]
    axis.step(places, limits, where="mid", color=LIMIT, linewidth=1, linestyle=":", label="limit, worst token")
    axis.set_yscale("log")
    axis.set_ylabel("R (noise floors)", fontsize=8)
    axis.legend(fontsize=7, ncols=6, loc="lower left", bbox_to_anchor=(0, 1), frameon=False, borderaxespad=0)


def _draw_distance(axis: Axes, rows: Sequence[TapResult], *, strict: bool) -> None:
    candidate, floor = on_log_axis(
        (row.errors.rel_l2 if row.errors else None for row in rows),
        (row.noise.floor_rel_l2 if row.noise else None for row in rows),
    )
    _draw_by_verdict(axis, candidate, rows, strict=strict, label="candidate")
    if not np.isnan(floor).all():
        axis.plot(floor, color=FLOOR, linewidth=1, label="noise floor")
    absent = [place for place, row in enumerate(rows) if row.errors is None]
    axis.scatter(
        absent, np.zeros(len(absent)), marker="|", color=QUIET, transform=axis.get_xaxis_transform(), clip_on=False
    )
    axis.set_yscale("log")
    axis.set_ylabel("rel-L2 error", fontsize=8)
    axis.legend(fontsize=7, ncols=4, loc="lower left", bbox_to_anchor=(0, 1), frameon=False, borderaxespad=0)


def _draw_by_verdict(axis: Axes, values: np.ndarray, rows: Sequence[TapResult], *, strict: bool, label: str) -> None:
    fails = np.array([row.fails(strict=strict) for row in rows])
    places = np.arange(len(rows))
    size = 1.0 if len(rows) <= _CROWDED else 0.4
    axis.scatter(places[~fails], values[~fails], s=10 * size, color="#555555", label=label)
    if fails.any():
        axis.scatter(
            places[fails], values[fails], marker="x", s=18 * size, color=CANDIDATE, linewidths=1.2, label="fails"
        )


def draw_layers(axes: Sequence[Axes], rows: Sequence[TapResult]) -> None:
    """Mark where each layer begins; label as many of them as have room."""
    starts = {row.layer: place for place, row in reversed(list(enumerate(rows))) if row.layer is not None}
    for axis in axes:
        for layer, place in starts.items():
            if layer % 2 == 0:
                last = max(i for i, row in enumerate(rows) if row.layer == layer)
                axis.axvspan(place - 0.5, last + 0.5, color="#f4f4f4", linewidth=0, zorder=0)
    step = max(1, -(-len(starts) // _LABELLED_LAYERS))
    shown = {layer: place for layer, place in starts.items() if layer % step == 0}
    axes[-1].set_xticks(list(shown.values()), [f"layer {layer}" for layer in shown], fontsize=8, ha="left")
    axes[-1].set_xlim(-1, len(rows))
