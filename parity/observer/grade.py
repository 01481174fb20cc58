"""The rules that say whether marking taps has changed what an engine computes.

All distances are of logits, in units of the noise floor: R of each engine is its distance from the truth, and the
distance of two engines is measured likewise. Two engines that round independently, with errors of R₁ and R₂, are
√(R₁² + R₂²) apart; an engine that has all the error of another and some of its own, s, has R₁² = R₂² + s².
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from parity.formatting import format_metric
from parity.observer_effect import JudgedLogits, LogitsDistance, ObserverRule
from parity.tap_result import NoiseMetrics

__all__ = ["OBSERVER_RULES", "grade", "words_of"]

_NOISE = ObserverRule(
    "noise",
    1.2,
    "times √(R₁² + R₂²): how far independent roundings put two engines apart, 1.2 being the R that correct kernels "
    "reach; an R below 1, or beyond the limits, counts as 1",
)
_SPREAD = ObserverRule(
    "worst token", 2.0, "times as far: the ratio of two samples of noise spreads by up to a factor of 2 from its median"
)
_EXCESS = ObserverRule(
    "excess",
    1.0,
    "times the R of the better engine, which counts as 1 at least: error that only the other engine has, √|R₁² - R₂²|; "
    "of correct kernels, from 0.96 to 1.2, it is 0.72",
)
_REBUILD = ObserverRule(
    "rebuild", 1.2, "times what building the engine again changes: so much is chance, and no effect of marking"
)

OBSERVER_RULES = (_NOISE, _SPREAD, _EXCESS, _REBUILD)
"""Every number that a grade depends on."""


def grade(
    probed: JudgedLogits,
    unprobed: JudgedLogits,
    distance: LogitsDistance | None,
    *,
    rebuilt: JudgedLogits | None = None,
    rebuild_distance: LogitsDistance | None = None,
) -> tuple[str, str]:
    """A grade of `parity.observer_effect.OBSERVER_GRADES` and the rule that gave it, with its numbers.

    Args:
        probed: logits of the engine with taps, against the truth.
        unprobed: those of the engine without.
        distance: of the two; None where they can't be compared.
        rebuilt: logits of the engine without taps, built again.
        rebuild_distance: of those two.
    """
    if unprobed.fails and not probed.fails:
        return "hides the bug", f"without taps the logits are {words_of(unprobed)}, with taps {words_of(probed)}"
    if probed.fails and not unprobed.fails:
        return "perturbing", f"with taps the logits are {words_of(probed)}, without {words_of(unprobed)}"
    if distance is None:
        return "perturbing", f"the logits can't be compared: with taps {probed.status}, without {unprobed.status}"
    if distance.equal:
        return "faithful", "the logits are the same, number by number"
    if distance.noise is None or probed.noise is None or unprobed.noise is None:
        return _by_flag(distance)
    return _by_noise(probed, unprobed, distance.noise, _allowed(probed, unprobed, rebuilt, rebuild_distance))


def _by_flag(distance: LogitsDistance) -> tuple[str, str]:
    words = f"the logits are rel-L2 {format_metric(distance.rel_l2)} apart, and no noise floor tells what that means"
    return ("perturbing" if distance.flagged else "faithful"), f"{words}, so the flag decides"


@dataclass(frozen=True)
class _Allowed:
    """How far apart two engines may be: the median token, the worst one, and the error that only one of them has."""

    median: float
    worst_token: float
    excess: float


def _allowed(
    probed: JudgedLogits, unprobed: JudgedLogits, rebuilt: JudgedLogits | None, rebuild: LogitsDistance | None
) -> _Allowed:
    apart = math.hypot(_noise_of(probed), _noise_of(unprobed))
    common = max(1.0, min(_ratio(probed), _ratio(unprobed)))
    rules = _Allowed(apart, _SPREAD.limit * apart, _EXCESS.limit * common)
    if rebuilt is None or rebuild is None or rebuild.noise is None:
        return rules
    return _Allowed(
        max(rules.median, _REBUILD.limit * rebuild.noise.noise_ratio),
        max(rules.worst_token, _REBUILD.limit * rebuild.noise.worst_token_noise_ratio),
        max(rules.excess, _REBUILD.limit * _excess(rebuilt, unprobed)),
    )


def _by_noise(
    probed: JudgedLogits, unprobed: JudgedLogits, distance: NoiseMetrics, allowed: _Allowed
) -> tuple[str, str]:
    apart = f"the logits are {format_metric(distance.noise_ratio)} floors apart"
    excess = _excess(probed, unprobed)
    if distance.noise_ratio > allowed.median:
        return "perturbing", f"{apart}, more than {format_metric(allowed.median)}"
    if distance.worst_token_noise_ratio > allowed.worst_token:
        worst = format_metric(distance.worst_token_noise_ratio)
        return "perturbing", f"{apart}, at the worst token {worst}, more than {format_metric(allowed.worst_token)}"
    if excess > allowed.excess:
        who = "with" if _ratio(probed) > _ratio(unprobed) else "without"
        more = f"the engine {who} taps has {format_metric(excess)} floors of error that the other lacks"
        return "perturbing", f"{more}, more than {format_metric(allowed.excess)}"
    return "faithful", f"{apart}, within {format_metric(allowed.median)}"


def _noise_of(logits: JudgedLogits) -> float:
    """How much of an engine's distance from the truth counts as noise, in floors."""
    if logits.fails:
        return _NOISE.limit
    return _NOISE.limit * max(1.0, _ratio(logits))


def _excess(one: JudgedLogits, other: JudgedLogits) -> float:
    """Error that one of two engines within the limits has beyond the other's, in floors.

    Of engines beyond the limits the difference says nothing: squares of large numbers differ by large numbers.
    """
    if one.fails or other.fails:
        return 0.0
    return math.sqrt(abs(_ratio(one) ** 2 - _ratio(other) ** 2))


def _ratio(logits: JudgedLogits) -> float:
    return 0.0 if logits.noise is None else logits.noise.noise_ratio


def words_of(logits: JudgedLogits) -> str:
    """``mismatch (R 6.20, worst token 9.80)``."""
    if logits.noise is None:
        return logits.status
    median, worst = logits.noise.noise_ratio, logits.noise.worst_token_noise_ratio
    return f"{logits.status} (R {format_metric(median)}, worst token {format_metric(worst)})"
