"""A cause with its evidence, in words."""

from __future__ import annotations

import math

from parity.answer.values import CauseAnswer
from parity.comparison import TapResult
from parity.diagnosis import Cause
from parity.formatting import format_metric
from parity.limits import AppliedLimits

__all__ = [
    "EXPLAINED",
    "NOT_SOUGHT",
    "PARTLY_EXPLAINED",
    "UNEXPLAINED",
    "cause_answer",
    "format_explained",
    "verdict_of",
]

EXPLAINED, PARTLY_EXPLAINED, UNEXPLAINED = "explained", "partly explained", "unexplained"
NOT_SOUGHT = "not sought"
"""What goes into the tap was not captured, and causes are about one operation."""

_MOST_DECIMALS = 4
_MANY_FITTED = 10
"""From here on, how many numbers were fitted tells how little an explanation is worth."""


def verdict_of(causes: tuple[Cause, ...], row: TapResult, *, coarse: bool) -> str:
    """Whether the best of `causes` explains the source `row`: whether what it leaves is rounding.

    Args:
        causes: the best first.
        row: the source.
        coarse: some of its inputs were not captured.
    """
    if causes:
        return EXPLAINED if causes[0].leaves_rounding(row.limits) else PARTLY_EXPLAINED
    return NOT_SOUGHT if coarse else UNEXPLAINED


def cause_answer(cause: Cause, row: TapResult) -> CauseAnswer:
    """`cause`, which explains a part of what goes wrong at the tap of `row`, in words."""
    what = "its error" if row.errors is not None else "the values that are not finite"
    parts = [f"explains {format_explained(cause.explained_share)} of {what}", _left(cause, row.limits)]
    if cause.fitted >= _MANY_FITTED:
        parts.append(f"{cause.fitted} numbers were fitted to it")
    return CauseAnswer(cause.hypothesis, cause.sentence.rstrip("."), "; ".join(filter(None, parts)))


def format_explained(share: float) -> str:
    """A share in per cent, as exact as what is left needs: ``50%``, ``99.98%``, ``over 99.9999%``, ``100%``."""
    left = 100 * (1 - share)
    if left <= 0:
        return "100%"
    if left < 10.0**-_MOST_DECIMALS:
        return f"over {100 - 10.0**-_MOST_DECIMALS:.{_MOST_DECIMALS}f}%"
    decimals = max(0, 1 - math.floor(math.log10(left)))
    text = f"{100 * share:.{min(decimals, _MOST_DECIMALS)}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


def _left(cause: Cause, limits: AppliedLimits) -> str:
    if cause.noise_ratio is None:
        return ""
    what = "what is left is rounding" if cause.leaves_rounding(limits) else "what is left is more than rounding"
    worst = format_metric(cause.worst_token_noise_ratio)
    return f"{what}: R {format_metric(cause.noise_ratio)} (worst token {worst})"
