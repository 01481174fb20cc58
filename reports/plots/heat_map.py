"""The difference itself: token by channel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import SymLogNorm

from parity.formatting import format_count, format_metric, format_piece
from parity.reports.plots.plot import Floats, Plot, frame, plain

__all__ = ["plot_heat_map", "shrink"]

_TALLEST, _WIDEST = 240, 800
_NAMED_TOKENS = 40
_NUMBERED_HEADS = 32
_PALE_NOISES = 3


def plot_heat_map(
    tap: str, difference: Floats, *, prompt: int, pieces: Sequence[str], heads: int = 1, noise: float = 0.0
) -> Plot:
    """Candidate minus truth of one prompt as an image; elements that are not finite are black.

    Args:
        tap: name of the tap, for the title.
        difference: candidate - truth, float64, shape ``[token, column]``: channels, those of head 0 first.
        prompt: number of the prompt, for the title.
        pieces: text of each token; empty where unknown.
        heads: number of heads that the columns are made of.
        noise: the usual size of a rounding error here; differences of up to three times as much stay pale. Without
            it, those of a thousandth of the largest do.
    """
    tokens, columns = difference.shape
    finite = np.abs(difference[np.isfinite(difference)])
    largest = float(finite.max(initial=0.0))
    image, step = shrink(difference, tallest=_TALLEST, widest=_WIDEST)
    plot, (axis,) = frame(
        f"{tap}, prompt {prompt}: candidate minus reference, up to {format_metric(largest)} in size",
        _caption(step, noise, bad=difference.size - finite.size),
        height=min(6.5, 2.6 + 0.11 * min(tokens, _NAMED_TOKENS)),
    )
    colours = colormaps["PuOr"].with_extremes(bad="black")
    shown = axis.imshow(
        np.ma.masked_invalid(image), cmap=colours, norm=_norm(largest, noise), aspect="auto", interpolation="nearest"
    )
    shown.set_extent((-0.5, columns - 0.5, tokens - 0.5, -0.5))
    _draw_axes(axis, tokens, columns, heads, pieces)
    scale = plot.figure.colorbar(shown, ax=axis, pad=0.01, fraction=0.03)
    scale.set_label("candidate - reference", fontsize=8)
    scale.ax.tick_params(labelsize=7)
    return plot


def shrink(difference: Floats, *, tallest: int, widest: int) -> tuple[Floats, tuple[int, int]]:
    """`difference` in blocks small enough to draw, each showing its element with the largest size, NaN first.

    Args:
        difference: shape ``[token, column]``.
        tallest, widest: the largest image wanted, in blocks.

    Returns:
        The image, and how many tokens and columns a block holds.
    """
    tokens, columns = difference.shape
    high, wide = -(-tokens // tallest), -(-columns // widest)
    padded = np.zeros((-(-tokens // high) * high, -(-columns // wide) * wide))
    padded[:tokens, :columns] = difference
    blocks = padded.reshape(padded.shape[0] // high, high, padded.shape[1] // wide, wide).swapaxes(1, 2)
    flat = blocks.reshape(*blocks.shape[:2], high * wide)
    largest = np.where(np.isnan(flat), np.inf, np.abs(flat)).argmax(axis=2)
    return np.take_along_axis(flat, largest[..., None], axis=2)[..., 0], (high, wide)


def _norm(largest: float, noise: float) -> SymLogNorm:
    """Pale within the noise, and never a strong colour for less than ten times that."""
    pale = _PALE_NOISES * noise or largest / 1000 or 1.0
    limit = max(largest, 10 * pale)
    return SymLogNorm(linthresh=pale, vmin=-limit, vmax=limit, base=10)


def _caption(step: tuple[int, int], noise: float, *, bad: int) -> str:
    text = "Colour grows with the logarithm of the difference; purple above, orange below the reference. "
    if noise:
        text += f"Pale is rounding: up to {_PALE_NOISES} times its usual size, {format_metric(noise)}. "
    text += "Stripes down are channels, stripes across are tokens, blocks are heads."
    if step != (1, 1):
        text += f" A pixel shows the largest of {step[0]} x {step[1]} elements."
    return text + (f" Black: not finite ({format_count(bad)})." if bad else "")


def _draw_axes(axis: Axes, tokens: int, columns: int, heads: int, pieces: Sequence[str]) -> None:
    axis.grid(visible=False)
    axis.spines[["top", "right"]].set_visible(True)
    for head in range(1, heads):
        axis.axvline(head * columns // heads - 0.5, color="#555555", linewidth=0.5)
    if heads > 1:
        step, width = -(-heads // _NUMBERED_HEADS), columns // heads
        middles = [head * width + (width - 1) / 2 for head in range(0, heads, step)]
        axis.set_xticks(middles, [str(head) for head in range(0, heads, step)])
    axis.set_xlabel(f"head, {columns // heads} channels each" if heads > 1 else "channel", fontsize=8)
    if tokens <= _NAMED_TOKENS and pieces:
        axis.set_yticks(range(tokens), [plain(format_piece(piece)) for piece in pieces], fontsize=7, family="monospace")
    axis.set_ylabel("token", fontsize=8)
