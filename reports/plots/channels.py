"""Error by channel."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from parity.comparison import ChannelError
from parity.formatting import format_share
from parity.reports.plots.plot import CANDIDATE, FLOOR, QUIET, Floats, Plot, frame, on_log_axis

__all__ = ["plot_channels"]

_NAMED = 3
_NUMBERED_HEADS = 32


def plot_channels(
    tap: str, candidate: Floats, floor: Floats | None, truth: Floats, *, worst: Sequence[ChannelError]
) -> Plot:
    """Root mean square over tokens of every channel: candidate's error, floor's error and the values themselves.

    Args:
        tap: name of the tap, for the title.
        candidate: RMS of the candidate's error, float64, shape ``[head, channel]``; one head where there are none.
        floor: RMS of the floor run's error, likewise; None without a floor.
        truth: RMS of the truth, likewise.
        worst: the channels to name, the worst first.
    """
    plot, (axis,) = frame(
        _title(tap, worst),
        "Each mark is one channel, over all tokens. A few crosses far above the rest are dead or swapped channels, or "
        "outliers that overflow; a raised band is the whole operation. Exact channels stand at the lower edge.",
    )
    shown = on_log_axis(candidate.ravel(), truth.ravel(), () if floor is None else floor.ravel())
    axis.plot(shown[1], ".", markersize=2, color=QUIET, label="values")
    axis.plot(shown[0], "x", markersize=4, color=CANDIDATE, label="error of the candidate")
    if floor is not None:
        axis.plot(shown[2], ".", markersize=3, color=FLOOR, label="error of the floor")
    _name_worst(axis, shown[0], candidate.shape[1], worst)
    _draw_heads(axis, *candidate.shape)
    axis.set_yscale("log")
    axis.set_ylabel("RMS over tokens", fontsize=8)
    axis.set_xlim(-0.01 * candidate.size, 1.01 * candidate.size)
    axis.legend(fontsize=7, ncols=3, loc="lower left", bbox_to_anchor=(0, 1), frameon=False, borderaxespad=0)
    return plot


def _title(tap: str, worst: Sequence[ChannelError]) -> str:
    if not worst:
        return f"{tap} by channel: every channel is exact"
    share = format_share(round(1e6 * worst[0].share), 10**6)
    return f"{tap} by channel: {_name(worst[0])} holds {share} of the squared error"


def _name(channel: ChannelError) -> str:
    return f"channel {channel.channel}" + ("" if channel.head is None else f" of head {channel.head}")


def _draw_heads(axis: Axes, heads: int, channels: int) -> None:
    if heads == 1:
        axis.set_xlabel("channel", fontsize=8)
        return
    for head in range(1, heads):
        axis.axvline(head * channels - 0.5, color="#cccccc", linewidth=0.8)
    step = -(-heads // _NUMBERED_HEADS)
    middles = [head * channels + (channels - 1) / 2 for head in range(0, heads, step)]
    axis.set_xticks(middles, [str(head) for head in range(0, heads, step)])
    axis.set_xlabel(f"head, {channels} channels each", fontsize=8)


def _name_worst(axis: Axes, heights: Floats, channels: int, worst: Sequence[ChannelError]) -> None:
    for channel in worst[:_NAMED]:
        place = (channel.head or 0) * channels + channel.channel
        at = (place, heights[place])
        axis.annotate(str(channel.channel), at, xytext=(4, 4), textcoords="offset points", fontsize=7)
