"""Error by head."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from parity.comparison import HeadError
from parity.formatting import format_metric
from parity.reports.plots.plot import CANDIDATE, FLOOR, QUIET, Plot, frame, on_log_axis

__all__ = ["plot_heads"]

_NUMBERED_HEADS = 32


def plot_heads(tap: str, heads: Sequence[HeadError]) -> Plot:
    """rel-L2 of every head, with the noise floor and R where there is one.

    Args:
        tap: name of the tap, for the title.
        heads: the errors, head 0 first; at least one.
    """
    plot, (axis,) = frame(
        _title(tap, heads),
        "Numbers are R: the head's error in units of the noise floor's. One head that stands out points at its weights "
        "or at the mapping of key heads to query heads; all alike point at the whole operation.",
    )
    places = np.arange(len(heads))
    candidate, floor = on_log_axis((head.rel_l2 for head in heads), (_floor(head) for head in heads))
    axis.vlines(places, np.fmin(candidate, floor), np.fmax(candidate, floor), color=QUIET, linewidth=1)
    axis.scatter(places, candidate, marker="x", s=36, color=CANDIDATE, label="candidate")
    if not np.isnan(floor).all():
        axis.scatter(places, floor, marker="_", s=120, color=FLOOR, linewidths=2, label="noise floor")
    for place, head in enumerate(heads[:_NUMBERED_HEADS]):
        text = format_metric(head.noise_ratio)
        axis.annotate(text, (place, candidate[place]), (6, -2), textcoords="offset points", fontsize=7)
    axis.set_yscale("log")
    axis.set_ylabel("rel-L2 error", fontsize=8)
    axis.set_xlabel("head", fontsize=8)
    axis.set_xticks(places[:: -(-len(heads) // _NUMBERED_HEADS)])
    axis.set_xlim(-0.5, len(heads) - 0.2)
    axis.legend(fontsize=7, ncols=2, loc="lower left", bbox_to_anchor=(0, 1), frameon=False, borderaxespad=0)
    return plot


def _title(tap: str, heads: Sequence[HeadError]) -> str:
    worst = max(heads, key=lambda head: (head.noise_ratio or 0.0, head.rel_l2))
    ratio = "" if worst.noise_ratio is None else f" and R {format_metric(worst.noise_ratio)}"
    return f"{tap} by head: head {worst.head} is the worst, with rel-L2 {format_metric(worst.rel_l2)}{ratio}"


def _floor(head: HeadError) -> float | None:
    """What R is measured in."""
    return head.rel_l2 / head.noise_ratio if head.noise_ratio else None
