"""Where error is born and where it grows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes

from parity.comparison import Comparison, TapResult
from parity.diagnosis import LocalError
from parity.errors import ParityError
from parity.formatting import format_metric
from parity.replay.roles import AMPLIFIES
from parity.reports.plots.depth import draw_layers, phase_rows
from parity.reports.plots.plot import AMPLIFIER, CARRIER, LIMIT, QUIET, SOURCE, Floats, Plot, frame

__all__ = ["plot_roles"]

_LOWEST = 0.1
_NAMED = 6
_NEAR = 0.2
_CROWDED = 150


def plot_roles(comparison: Comparison, *, phase: str | None = None) -> Plot:
    """What every operation does wrong itself and what came into it, in units of noise, and how it makes that grow.

    Args:
        comparison: what to show, with a diagnosis.
        phase: which phase; by default that of the first divergence, or the first one.

    Raises:
        ParityError: there is no such phase, or nothing in it was taken apart.
    """
    rows = phase_rows(comparison, phase)
    if not any(row.diagnosis for row in rows):
        raise ParityError(
            f"no tap of phase {rows[0].phase!r} was taken apart, so nothing tells where its error is born",
            cure="run.plot_depth() shows the error itself; a run made with the reference's weights has roles",
        )
    plot, (births, growth) = frame(_title(rows), _CAPTION, height=5.4, rows=2, ratios=(3, 1))
    _draw_inherited(births, rows)
    _draw_local(births, rows)
    _draw_growth(growth, rows)
    draw_layers((births, growth), rows)
    return plot


_CAPTION = (
    "A diamond is an operation that is wrong itself: on the candidate's own inputs it differs from the reference's. "
    "Columns are operations that are right, to which an error came. Dots are their own error: noise. Below: by how "
    "much more a right operation enlarges the error than it enlarges noise; triangles are amplifiers."
)


def _title(rows: Sequence[TapResult]) -> str:
    sources = [row for row in rows if _role(row) == "source"]
    if not sources:
        return f"Every operation is right within noise ({rows[0].phase})"
    more = f" and {len(sources) - 1} more" if len(sources) > 1 else ""
    return f"The error is born in {sources[0].tap}{more} ({rows[0].phase})"


def _role(row: TapResult) -> str:
    return row.diagnosis.role if row.diagnosis else ""


def _values(rows: Sequence[TapResult], value: Callable[[LocalError], float | None], *roles: str) -> Floats:
    """One number a tap; NaN where its role is none of `roles`, or where there is no number."""
    found = [value(row.diagnosis.local) if row.diagnosis and row.diagnosis.role in roles else None for row in rows]
    return np.array([np.nan if number is None else number for number in found])


def _deciding(median: Floats, worst: Floats, rows: Sequence[TapResult]) -> Floats:
    """The median token's ratio where it is beyond its limit, else the worst token's where that is."""
    limits = np.array([(row.limits.noise_ratio, row.limits.worst_token_noise_ratio) for row in rows])
    by_worst = ~(median > limits[:, 0]) & (worst > limits[:, 1])
    ratio = np.where(by_worst, worst, median)
    return np.where(np.isinf(ratio), np.nanmax(ratio[np.isfinite(ratio)], initial=1.0) * 10, ratio)


def _draw_inherited(axis: Axes, rows: Sequence[TapResult]) -> None:
    places = np.arange(len(rows))
    for role, colour, alpha in (("carrier", CARRIER, 0.45), ("source", CARRIER, 0.45), ("amplifier", AMPLIFIER, 0.8)):
        ratio = _deciding(
            _values(rows, lambda local: local.inherited_noise_ratio, role),
            _values(rows, lambda local: local.worst_token_inherited_noise_ratio, role),
            rows,
        )
        shown = ratio > [row.limits.noise_ratio for row in rows]
        label = {"carrier": "came in, passed on (carrier)", "amplifier": "came in, made larger (amplifier)"}.get(role)
        axis.bar(places[shown], ratio[shown] - 1, 1.0, bottom=1, color=colour, alpha=alpha, linewidth=0, label=label)


def _draw_local(axis: Axes, rows: Sequence[TapResult]) -> None:
    places = np.arange(len(rows))
    axis.axhline(1, color=QUIET, linewidth=1)
    limits = [row.limits.noise_ratio for row in rows]
    axis.step(places, limits, where="mid", color=LIMIT, linewidth=1, linestyle="--", label="limit")
    right = _values(rows, lambda local: local.local_noise_ratio, "clean", "carrier", "amplifier")
    size = 9 if len(rows) <= _CROWDED else 3
    axis.scatter(places, np.maximum(right, _LOWEST), s=size, color="#444444", label="own error, within noise")
    median = _values(rows, lambda local: local.local_noise_ratio, "source")
    ratio = _deciding(median, _values(rows, lambda local: local.worst_token_local_noise_ratio, "source"), rows)
    born = np.flatnonzero(np.isfinite(ratio))
    axis.vlines(born, 1, ratio[born], color=SOURCE, linewidth=2.5)
    axis.scatter(
        born, ratio[born], marker="D", s=42, color=SOURCE, edgecolor="white", label="born here (source)", zorder=3
    )
    _name_sources(axis, rows, born, ratio)
    axis.set_yscale("log")
    axis.set_ylim(bottom=_LOWEST * 0.8, top=max(10.0, axis.get_ylim()[1] * 2))
    axis.set_ylabel("R (units of noise)", fontsize=8)
    axis.legend(fontsize=7, ncols=5, loc="lower left", bbox_to_anchor=(0, 1), frameon=False, borderaxespad=0)


def _name_sources(axis: Axes, rows: Sequence[TapResult], born: np.ndarray, ratio: Floats) -> None:
    height, last = 0, -len(rows)
    for place in born[:_NAMED]:
        end = place > len(rows) / 2
        height = height + 1 if place - last < _NEAR * len(rows) else 0
        last = place
        axis.annotate(
            f"{rows[place].tap}: R {format_metric(float(ratio[place]))}",
            (place, ratio[place]),
            xytext=(-7 if end else 7, 3 + 10 * height),
            textcoords="offset points",
            ha="right" if end else "left",
            fontsize=7.5,
            color=SOURCE,
            fontweight="bold",
        )


def _draw_growth(axis: Axes, rows: Sequence[TapResult]) -> None:
    places = np.arange(len(rows))
    axis.axhline(1, color=QUIET, linewidth=1)
    axis.axhline(AMPLIFIES, color=LIMIT, linewidth=1, linestyle="--")
    size, width = (22, 1.5) if len(rows) <= _CROWDED else (10, 0.7)
    for role, colour, marker in (("carrier", CARRIER, "_"), ("amplifier", AMPLIFIER, "^")):
        growth = _values(rows, _growth, role)
        axis.vlines(places, 1, growth, color=colour, linewidth=width)
        axis.scatter(places, growth, marker=marker, s=size, color=colour)
    axis.set_yscale("log")
    low, high = axis.get_ylim()
    axis.set_ylim(min(low, 0.7), max(high, 5.0))
    axis.set_ylabel("gain ÷ noise's", fontsize=8)


def _growth(local: LocalError) -> float | None:
    return local.gain / local.noise_gain if local.gain and local.noise_gain else None
