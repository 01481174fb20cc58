"""A cause with its evidence, in words."""

from __future__ import annotations

import math

from parity.answer.values import CauseAnswer
from parity.diagnosis import Cause
from parity.formatting import format_metric
from parity.limits import AppliedLimits

__all__ = ["EXPLAINED", "PARTLY_EXPLAINED", "UNEXPLAINED", "cause_answer", "format_explained", "verdict_of"]

EXPLAINED, PARTLY_EXPLAINED, UNEXPLAINED = "explained", "partly explained", "unexplained"

_ENOUGH_WITHOUT_NOISE = 0.99
"""Where no floor tells what is noise, a cause has to explain this share."""

_MOST_DECIMALS = 8


def verdict_of(causes: tuple[Cause, ...], limits: AppliedLimits) -> str:
    """Whether the best of `causes` explains a source: whether what it leaves is rounding."""
    if not causes:
        return UNEXPLAINED
    return EXPLAINED if _leaves_rounding(causes[0], limits) else PARTLY_EXPLAINED


def cause_answer(cause: Cause, limits: AppliedLimits) -> CauseAnswer:
    """`cause` in words."""
    parts = [f"explains {format_explained(cause.explained_share)} of the residual", _left(cause, limits)]
    if cause.fitted:
        numbers = "number" if cause.fitted == 1 else "numbers"
        parts.append(f"{cause.fitted} {numbers} solved for")
    return CauseAnswer(cause.hypothesis, cause.sentence.rstrip("."), "; ".join(filter(None, parts)))


def format_explained(share: float) -> str:
    """A share in per cent, as exact as what is left needs: ``50%``, ``99.98%``, ``99.9996%``, ``100%``."""
    left = 100 * (1 - share)
    if left <= 0:
        return "100%"
    decimals = min(_MOST_DECIMALS, max(0, 1 - math.floor(math.log10(left))))
    text = f"{100 * share:.{decimals}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


def _leaves_rounding(cause: Cause, limits: AppliedLimits) -> bool:
    if cause.noise_ratio is None or cause.worst_token_noise_ratio is None:
        return cause.explained_share >= _ENOUGH_WITHOUT_NOISE
    return cause.noise_ratio <= limits.noise_ratio and cause.worst_token_noise_ratio <= limits.worst_token_noise_ratio


def _left(cause: Cause, limits: AppliedLimits) -> str:
    if cause.noise_ratio is None:
        return ""
    what = "what is left is rounding" if _leaves_rounding(cause, limits) else "what is left is more than rounding"
    worst = format_metric(cause.worst_token_noise_ratio)
    return f"{what}: R {format_metric(cause.noise_ratio)} (worst token {worst})"
