"""The frame that every plot shares: one style, a title that says what one sees, an explanation below."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = [
    "AMPLIFIER",
    "CANDIDATE",
    "CARRIER",
    "FLOOR",
    "LIMIT",
    "QUIET",
    "SOURCE",
    "Floats",
    "Plot",
    "frame",
    "on_log_axis",
    "plain",
]

# Okabe and Ito's colours, told apart with every kind of colour vision; no plot tells two things by colour alone.
CANDIDATE = "#D55E00"
FLOOR = "#0072B2"
LIMIT = "#222222"
QUIET = "#999999"
SOURCE = "#D55E00"
AMPLIFIER = "#AA4499"
CARRIER = "#56B4E9"

_WIDTH = 9.0
_DPI = 110
_CAPTION_COLUMNS = 158

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Plot:
    """A figure that notebooks show by themselves.

    Attributes:
        figure: the matplotlib figure; it belongs to no pyplot state and needs no closing.
        title: what one sees.
        caption: how to read it.
    """

    figure: Figure
    title: str
    caption: str

    def png(self) -> bytes:
        """The figure as a PNG file."""
        stream = io.BytesIO()
        with warnings.catch_warnings():
            # Tokens come in every script; a box in a tick label is better than a warning in a notebook.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            self.figure.savefig(stream, format="png", dpi=_DPI)
        return stream.getvalue()

    def save(self, path: Path) -> None:
        """Write the figure; the suffix of `path` decides the format, as in matplotlib."""
        self.figure.savefig(path, dpi=_DPI)

    def _repr_png_(self) -> bytes:
        return self.png()

    def __repr__(self) -> str:
        return f"{self.title}. {self.caption}"


def frame(
    title: str, caption: str, *, height: float = 3.4, rows: int = 1, ratios: Sequence[float] = ()
) -> tuple[Plot, list[Axes]]:
    """An empty plot of `rows` axes, one below the other, that share their x axis.

    Args:
        title: what one sees, without a full stop.
        caption: one sentence or two on how to read it.
        height: of the whole figure, in inches.
        rows: number of axes.
        ratios: their heights relative to one another; by default all alike.
    """
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    figure.suptitle(plain(title), x=0.01, ha="left", fontsize=11, fontweight="bold")
    figure.supxlabel(textwrap.fill(plain(caption), _CAPTION_COLUMNS), x=0.01, ha="left", fontsize=8, color="#444444")
    grid = figure.add_gridspec(rows, 1, height_ratios=ratios or [1] * rows)
    axes = [figure.add_subplot(grid[0])]
    axes += [figure.add_subplot(grid[place], sharex=axes[0]) for place in range(1, rows)]
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(which="both", labelsize=8)
        axis.grid(axis="y", color="#e6e6e6", linewidth=0.6)
        axis.set_axisbelow(True)
    for axis in axes[:-1]:
        axis.tick_params(labelbottom=False)
    return Plot(figure, title, caption), axes


def plain(text: str) -> str:
    """`text` with dollar signs that matplotlib does not take for mathematics."""
    return text.replace("$", r"\$")


def on_log_axis(*series: Iterable[float | None]) -> tuple[Floats, ...]:
    """Several series of values that are not negative, as one logarithmic axis can show them.

    Zeros stand at a third of the smallest positive value of all series, infinity at ten times the largest finite one;
    None is left out, as NaN.
    """
    arrays = [np.array([np.nan if v is None else v for v in values], dtype=np.float64) for values in series]
    everything = np.concatenate(arrays)
    shown = everything[np.isfinite(everything) & (everything > 0)]
    lowest, highest = (float(shown.min()) / 3, float(shown.max()) * 10) if shown.size else (0.1, 1.0)
    return tuple(np.clip(array, lowest, highest) for array in arrays)
