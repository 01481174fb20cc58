"""Source, amplifier, carrier or clean."""

from __future__ import annotations

import math

from parity.diagnosis import LocalError, LocalProfile
from parity.formatting import format_metric
from parity.limits import AppliedLimits
from parity.metrics import (
    bucket_size,
    by_bucket,
    noise_metrics,
    rel_l2,
    rel_l2_by_token,
    worst_case_ratio_by_token,
    worst_tokens,
)
from parity.replay.arrays import Floats
from parity.replay.local import LocalAnalysis
from parity.tokens import TokenBatch

__all__ = ["AMPLIFIES", "beyond", "local_error", "role_of", "role_reason"]

AMPLIFIES = 2.0
"""How many times the gain of noise the gain of an error must be before its operation is called an amplifier."""


def local_error(found: LocalAnalysis, tokens: TokenBatch) -> LocalError:
    """The numbers of an analysis of `tokens`."""
    by_token = worst_case_ratio_by_token(found.local, found.local_floor)
    local = noise_metrics(found.local, found.local_floor)
    inherited = noise_metrics(found.inherited, found.inherited_floor)
    return LocalError(
        _rel_l2(found.local.error_squares.sum(), found.local.truth_squares.sum()),
        local.noise_ratio,
        local.worst_token_noise_ratio,
        _rel_l2(found.inherited.error_squares.sum(), found.inherited.truth_squares.sum()),
        inherited.noise_ratio,
        inherited.worst_token_noise_ratio,
        found.gain,
        found.noise_gain,
        worst_tokens(rel_l2_by_token(found.local), by_token, tokens),
        _profile(by_token, worst_case_ratio_by_token(found.inherited, found.inherited_floor)),
    )


def _profile(local: Floats, inherited: Floats) -> LocalProfile:
    bucket = bucket_size(local.size)
    return LocalProfile(bucket, by_bucket(local, bucket), by_bucket(inherited, bucket))


def role_of(error: LocalError, limits: AppliedLimits) -> str:
    """One of `parity.diagnosis.ROLES`."""
    if beyond(error.local_noise_ratio, error.worst_token_local_noise_ratio, limits):
        return "source"
    if not beyond(error.inherited_noise_ratio, error.worst_token_inherited_noise_ratio, limits):
        return "clean"
    grows = error.gain is not None and error.noise_gain and error.gain > AMPLIFIES * error.noise_gain
    return "amplifier" if grows else "carrier"


def role_reason(role: str, error: LocalError, limits: AppliedLimits) -> str:
    """Why a tap has its role, in one sentence."""
    local = f"local R {_ratios(error.local_noise_ratio, error.worst_token_local_noise_ratio)}"
    inherited = f"R {_ratios(error.inherited_noise_ratio, error.worst_token_inherited_noise_ratio)}"
    allowed = f"{limits.noise_ratio:g} ({limits.worst_token_noise_ratio:g})"
    if math.isinf(error.worst_token_local_noise_ratio):
        return "its output is NaN or infinite where the reference's operation, on the candidate's own inputs, is finite"
    if math.isinf(error.worst_token_inherited_noise_ratio):
        return f"what came in is NaN or infinite; elsewhere {local}"
    if role == "source":
        what = "on the candidate's own inputs the reference's operation gives another result"
        return f"{what}: {local}, allowed are {allowed}"
    if role == "clean":
        return f"{local} and inherited {inherited} are within {allowed}"
    return f"{local} is within {allowed}, inherited {inherited} is not; {_gain_words(error)}"


def _ratios(median: float, worst_token: float) -> str:
    return f"{format_metric(median)} (worst token {format_metric(worst_token)})"


def _gain_words(error: LocalError) -> str:
    if error.gain is None:
        return "nothing came in"
    relative = f", {format_metric(error.gain / error.noise_gain)} times that of noise" if error.noise_gain else ""
    return f"gain {format_metric(error.gain)}{relative}"


def beyond(median: float, worst_token: float, limits: AppliedLimits) -> bool:
    """Whether either ratio is above its limit; NaN is."""
    return not (median <= limits.noise_ratio and worst_token <= limits.worst_token_noise_ratio)


def _rel_l2(error_squares: float, truth_squares: float) -> float:
    return rel_l2(float(error_squares), float(truth_squares))
