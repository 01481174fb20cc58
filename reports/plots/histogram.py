"""How large the errors are: candidate against floor."""

from __future__ import annotations

import math

import numpy as np

from parity.comparison import Histogram
from parity.formatting import format_limit, format_share
from parity.limits import AppliedLimits
from parity.reports.plots.plot import CANDIDATE, FLOOR, LIMIT, Plot, frame

__all__ = ["plot_histogram"]


def plot_histogram(tap: str, histogram: Histogram, limits: AppliedLimits) -> Plot:
    """Counts of |error| by size, candidate and floor over one another.

    Args:
        tap: name of the tap, for the title.
        histogram: the counts.
        limits: what the tap was judged by; a threshold of an absolute error is drawn in.
    """
    plot, (axis,) = frame(
        f"{tap}: errors by size, candidate against noise floor",
        "Where both shapes cover one another, the candidate rounds as the floor does; a shape moved to the right is "
        f"a larger error everywhere, a second hump is a fault in some elements. {_zeros(histogram)}",
    )
    edges = np.array(histogram.log10_edges)
    shown = _occupied(histogram)
    axis.stairs(histogram.candidate, edges, color=CANDIDATE, fill=True, alpha=0.35)
    axis.stairs(histogram.candidate, edges, color=CANDIDATE, linewidth=1.5, label="candidate")
    if histogram.floor:
        axis.stairs(histogram.floor, edges, color=FLOOR, linewidth=1.5, label="noise floor")
    if limits.flag_metric.endswith("_abs"):
        label = f"flag: {limits.flag_metric} above {format_limit(limits.flag_threshold)}"
        axis.axvline(math.log10(limits.flag_threshold), color=LIMIT, linestyle="--", linewidth=1, label=label)
    axis.set_xlim(edges[shown.start], edges[shown.stop])
    ticks = np.arange(math.ceil(edges[shown.start]), math.floor(edges[shown.stop]) + 1)
    axis.set_xticks(ticks, [f"1e{tick:.0f}" for tick in ticks])
    axis.set_xlabel("|error|, in the tap's own unit", fontsize=8)
    axis.set_ylabel("elements", fontsize=8)
    axis.legend(fontsize=7, ncols=3, loc="lower left", bbox_to_anchor=(0, 1), frameon=False, borderaxespad=0)
    return plot


def _zeros(histogram: Histogram) -> str:
    def share(counts: tuple[int, ...], zeros: int) -> str:
        return format_share(zeros, max(1, sum(counts) + zeros))

    text = f"Not drawn: {share(histogram.candidate, histogram.candidate_zeros)} of the candidate's elements"
    if histogram.floor:
        text += f" and {share(histogram.floor, histogram.floor_zeros)} of the floor's"
    return text + " equal the truth exactly."


def _occupied(histogram: Histogram) -> slice:
    """Bins from the first to the last that holds anything, and one to each side."""
    counts = np.array(histogram.candidate) + (np.array(histogram.floor) if histogram.floor else 0)
    places = np.flatnonzero(counts)
    if places.size == 0:
        return slice(0, counts.size)
    return slice(max(0, int(places[0]) - 1), min(counts.size, int(places[-1]) + 2))
