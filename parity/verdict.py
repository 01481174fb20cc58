"""The judgement of one tap from its numbers and limits, with the reason in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from parity.comparison import ErrorMetrics, NoiseMetrics
from parity.formatting import format_metric
from parity.limits import AppliedLimits

__all__ = ["Verdict", "is_flagged", "judge"]

_FLAG_WORDS = {"abs": "|error|", "rel": "relative error"}


@dataclass(frozen=True)
class Verdict:
    """A status of `parity.comparison.STATUSES`, whether the flag is up, and why."""

    status: str
    flagged: bool
    reason: str


def is_flagged(errors: ErrorMetrics, limits: AppliedLimits) -> bool:
    """Whether the flag metric is above its threshold. A metric that is not a number counts as above."""
    return not getattr(errors, limits.flag_metric) <= limits.flag_threshold


def judge(errors: ErrorMetrics, noise: NoiseMetrics | None, limits: AppliedLimits, *, dtype: str) -> Verdict:
    """Judge finite values of one shape.

    Args:
        errors: of the candidate from the truth.
        noise: in units of the floor; None where no floor was recorded for this tap.
        limits: what to judge by.
        dtype: what the candidate computes in, for the wording.
    """
    flagged = is_flagged(errors, limits)
    flag = _flag_words(errors, limits, flagged=flagged)
    if noise is None:
        status = "mismatch" if flagged else "match"
        return Verdict(status, flagged, f"{flag}; no noise floor was recorded, so the flag decides")
    beyond = _beyond(noise, limits)
    if beyond:
        return Verdict("mismatch", flagged, f"{beyond}; {flag}")
    within = (
        f"R {_number(noise.noise_ratio)} (worst token {_number(noise.worst_token_noise_ratio)}) is within "
        f"{limits.noise_ratio:g} ({limits.worst_token_noise_ratio:g})"
    )
    if flagged:
        return Verdict("rounding", True, f"{flag}, yet {within}: this is what {dtype} costs here")
    return Verdict("match", False, f"{flag}; {within}")


def _beyond(noise: NoiseMetrics, limits: AppliedLimits) -> str:
    """Which limits of R are passed; empty where none is."""
    passed = []
    if not noise.noise_ratio <= limits.noise_ratio:
        passed.append(f"R {_number(noise.noise_ratio)} of the median token is above {limits.noise_ratio:g}")
    if not noise.worst_token_noise_ratio <= limits.worst_token_noise_ratio:
        worst, allowed = noise.worst_token_noise_ratio, limits.worst_token_noise_ratio
        passed.append(f"R {_number(worst)} of the worst token is above {allowed:g}")
    return " and ".join(passed)


def _flag_words(errors: ErrorMetrics, limits: AppliedLimits, *, flagged: bool) -> str:
    statistic, _, kind = limits.flag_metric.partition("_")
    value = getattr(errors, limits.flag_metric)
    what = "rel-L2" if limits.flag_metric == "rel_l2" else f"{statistic} {_FLAG_WORDS[kind]}"
    return f"{what} {_number(value)} is {'above' if flagged else 'within'} {limits.flag_threshold:g}"


def _number(value: float) -> str:
    """Three digits without trailing zeros; whole thousands without an exponent, as tables have them."""
    return f"{value:.3g}" if value < 1000 else format_metric(value)
