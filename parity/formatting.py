"""How numbers, shapes and tokens read in every view: one form each, so that views can be compared by eye."""

from __future__ import annotations

import math
from collections.abc import Sequence

from parity.comparison import ArrayInfo

__all__ = [
    "ABSENT",
    "format_array",
    "format_cosine",
    "format_count",
    "format_index",
    "format_limit",
    "format_metric",
    "format_operation",
    "format_piece",
    "format_ranges",
    "format_shape",
    "format_share",
    "format_value",
]

ABSENT = "–"
"""Stands where there is no value: not computed, or no noise floor."""

_OPERATIONS = {
    "embedding": "embedding",
    "rms_norm": "RMS norm",
    "linear": "linear layer",
    "rotary": "rotary embedding",
    "scores": "attention scores",
    "softmax": "softmax",
    "attention": "attention",
    "add": "addition",
    "silu_mul": "gated activation",
}
_VISIBLE_SPACES = str.maketrans({" ": "␣", "\n": "⏎", "\r": "␍", "\t": "⇥"})


def format_metric(value: float | None) -> str:
    """A statistic with three significant digits: ``0.00123``, ``1.23``, ``1234``, ``1.23e-5``.

    At most eight characters for magnitudes from 1e-99 to 1e99; ``0``, ``inf``, ``nan`` and `ABSENT` stand for
    themselves.
    """
    if value is None:
        return ABSENT
    if value == 0 or not math.isfinite(value):
        return f"{value:g}".removeprefix("-" if value == 0 else "")
    mantissa, exponent = f"{value:.2e}".split("e")
    power = int(exponent)
    if -4 < power < 4:
        return f"{value:.{max(0, 2 - power)}f}"
    return f"{mantissa}e{power}"


def format_cosine(value: float | None) -> str:
    """A cosine with six decimals: three significant digits would call 0.9996 one."""
    return ABSENT if value is None else f"{value:.6f}"


def format_limit(value: float) -> str:
    """A limit as it was set: ``0.001``, ``2``."""
    return f"{value:.3g}"


def format_value(value: float | None) -> str:
    """An element of a tensor with six significant digits, enough to tell neighbours in 16 bits apart."""
    return ABSENT if value is None else f"{value:.6g}"


def format_count(count: int) -> str:
    """A number of things, with separators: ``1,234,567``."""
    return f"{count:,}"


def format_share(part: int, whole: int) -> str:
    """A part of a whole in per cent: ``4.9%``; what is neither none nor all never reads as 0% or 100%."""
    if part in (0, whole):
        return "100%" if part else "0%"
    percent = 100 * part / whole
    if percent < 0.01 or percent > 99.9:
        return "<0.01%" if percent < 50 else ">99.9%"
    return f"{percent:.2g}%" if percent < 99 else f"{percent:.1f}%"


def format_shape(shape: Sequence[int]) -> str:
    """A shape as frameworks print it: ``[4, 412, 128]``."""
    return f"[{', '.join(map(str, shape))}]"


def format_array(info: ArrayInfo | None) -> str:
    """dtype and shape of one side: ``float16 [4, 412, 128]``, or ``absent``."""
    return "absent" if info is None else f"{info.dtype} {format_shape(info.shape)}"


def format_index(index: Sequence[int], axes: Sequence[str] = ()) -> str:
    """An index, with the names of its axes where given: ``0,12,3,7`` or ``prompt 0, token 12, channel 7``."""
    if not axes:
        return ",".join(map(str, index))
    return ", ".join(f"{'prompt' if axis == 'batch' else axis} {i}" for axis, i in zip(axes, index, strict=True))


def format_operation(op: str) -> str:
    """An operation (`Tap.op`) as people call it: ``gated activation``."""
    return _OPERATIONS.get(op, op)


def format_ranges(numbers: Sequence[int]) -> str:
    """Increasing whole numbers, runs of three or more in short: ``0, 2–5, 7, 8``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def format_piece(piece: str) -> str:
    """A token's text with its white space made visible; empty where the text is unknown."""
    return piece.translate(_VISIBLE_SPACES)
