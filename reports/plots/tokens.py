"""Error by token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from parity.formatting import format_metric, format_piece
from parity.limits import AppliedLimits
from parity.reports.plots.plot import CANDIDATE, FLOOR, LIMIT, Floats, Plot, frame, on_log_axis, plain

__all__ = ["TokenErrors", "plot_tokens"]

_NAMED_TOKENS = 48
_PROMPT_LABELS = 12


@dataclass(frozen=True, eq=False)
class TokenErrors:
    """Errors of one tap at every real token, prompt after prompt.

    Attributes:
        prompts: number of the prompt of each token, int64, shape ``[row]``.
        pieces: text of each token; empty where unknown.
        distance: the candidate's rel-L2, float64, shape ``[row]``.
        floor: the floor run's rel-L2, likewise; None without a floor.
        ratio: R, likewise; None without a floor.
    """

    prompts: npt.NDArray[np.int64]
    pieces: Sequence[str]
    distance: Floats
    floor: Floats | None
    ratio: Floats | None


def plot_tokens(tap: str, errors: TokenErrors, limits: AppliedLimits) -> Plot:
    """R of every token with its limits, and the rel-L2 it is made of.

    Args:
        tap: name of the tap, for the title.
        errors: the errors of all prompts.
        limits: what the tap was judged by.
    """
    with_floor = errors.ratio is not None
    plot, axes = frame(
        _title(tap, errors), _caption(with_floor), height=4.8 if with_floor else 3.2, rows=1 + with_floor
    )
    if errors.ratio is not None:
        _draw_ratio(axes[0], errors.ratio, limits)
    _draw_distance(axes[-1], errors)
    _draw_prompts(axes, errors)
    return plot


def _title(tap: str, errors: TokenErrors) -> str:
    measure = errors.distance if errors.ratio is None else errors.ratio
    row = int(np.argmax(measure))
    position = row - int(np.argmax(errors.prompts == errors.prompts[row]))
    piece = f" ({format_piece(errors.pieces[row])})" if errors.pieces and errors.pieces[row] else ""
    name = "rel-L2" if errors.ratio is None else "R"
    place = f"prompt {errors.prompts[row]}, token {position}{piece}"
    return f"{tap} by token: {name} is {format_metric(float(measure[row]))} at worst, at {place}"


def _caption(with_floor: bool) -> str:
    meaning = (
        "A fault of positions (RoPE, mask) grows with the token's number or hits a few; one of weights hits all alike. "
    )
    ratio = "R is the error in units of the noise floor's at the same token. " if with_floor else ""
    return ratio + meaning + "Dashed lines part the prompts; exact tokens stand at the lower edge."


def _draw_ratio(axis: Axes, ratio: Floats, limits: AppliedLimits) -> None:
    axis.plot(*on_log_axis(ratio), ".", markersize=4, color=CANDIDATE, label="candidate")
    axis.axhline(1, color=FLOOR, linewidth=1, label="noise floor")
    axis.axhline(limits.noise_ratio, color=LIMIT, linewidth=1, label="limit, median token")
    axis.axhline(limits.worst_token_noise_ratio, color=LIMIT, linewidth=1, linestyle=":", label="limit, worst token")
    axis.set_yscale("log")
    axis.set_ylabel("R (noise floors)", fontsize=8)
    axis.legend(fontsize=7, ncols=4, loc="lower left", bbox_to_anchor=(0, 1), frameon=False, borderaxespad=0)


def _draw_distance(axis: Axes, errors: TokenErrors) -> None:
    distance, floor = on_log_axis(errors.distance, () if errors.floor is None else errors.floor)
    axis.plot(distance, ".", markersize=4, color=CANDIDATE, label="candidate")
    if errors.floor is not None:
        axis.plot(floor, color=FLOOR, linewidth=0.8, label="noise floor")
    axis.set_yscale("log")
    axis.set_ylabel("rel-L2 error", fontsize=8)
    axis.legend(fontsize=7, ncols=2, loc="lower left", bbox_to_anchor=(0, 1), frameon=False, borderaxespad=0)


def _draw_prompts(axes: Sequence[Axes], errors: TokenErrors) -> None:
    starts = np.flatnonzero(np.diff(errors.prompts, prepend=-1))
    for axis in axes:
        for start in starts[1:]:
            axis.axvline(start - 0.5, color="#bbbbbb", linewidth=0.8, linestyle="--")
    count = errors.distance.size
    if count <= _NAMED_TOKENS and errors.pieces:
        labels = [plain(format_piece(piece)) for piece in errors.pieces]
        axes[-1].set_xticks(range(count), labels, rotation=90, fontsize=7, family="monospace")
        axes[-1].set_xlabel("token", fontsize=8)
    elif len(starts) <= _PROMPT_LABELS:
        labels = ["prompt 0", *(str(errors.prompts[start]) for start in starts[1:])]
        axes[-1].set_xticks(starts, labels, fontsize=8, ha="left")
        axes[-1].set_xlabel(f"token, {count} of them, prompt after prompt", fontsize=8)
    else:
        axes[-1].set_xlabel("token, prompt after prompt", fontsize=8)
    axes[-1].set_xlim(-1, count)
