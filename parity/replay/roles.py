"""Source, amplifier, carrier or clean."""

from __future__ import annotations

import math

from parity.diagnosis import LocalError
from parity.limits import AppliedLimits
from parity.metrics import noise_metrics, rel_l2
from parity.replay.local import LocalAnalysis

__all__ = ["beyond", "local_error", "role_of", "role_reason"]

_AMPLIFIES = 2.0
"""How many times the gain of noise the gain of an error must be before its operation is called an amplifier."""


def local_error(found: LocalAnalysis) -> LocalError:
    """The numbers of an analysis."""
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
    )


def role_of(error: LocalError, limits: AppliedLimits) -> str:
    """One of `parity.diagnosis.ROLES`."""
    if beyond(error.local_noise_ratio, error.worst_token_local_noise_ratio, limits):
        return "source"
    if not beyond(error.inherited_noise_ratio, error.worst_token_inherited_noise_ratio, limits):
        return "clean"
    grows = error.gain is not None and error.noise_gain and error.gain > _AMPLIFIES * error.noise_gain
    return "amplifier" if grows else "carrier"


def role_reason(role: str, error: LocalError, limits: AppliedLimits) -> str:
    """Why a tap has its role, in one sentence."""
    local = f"local R {error.local_noise_ratio:.3g} (worst token {error.worst_token_local_noise_ratio:.3g})"
    inherited = f"R {error.inherited_noise_ratio:.3g} (worst token {error.worst_token_inherited_noise_ratio:.3g})"
    allowed = f"{limits.noise_ratio:g} ({limits.worst_token_noise_ratio:g})"
    if math.isinf(error.worst_token_local_noise_ratio):
        return "its output is NaN or infinite where the reference's operation, on the candidate's own inputs, is finite"
    if math.isinf(error.worst_token_inherited_noise_ratio):
        return f"what came in is NaN or infinite; elsewhere {local}"
    if role == "source":
        return (
            f"on the candidate's own inputs the reference's operation gives another result: {local}, allowed {allowed}"
        )
    if role == "clean":
        return f"{local} and inherited {inherited} are within {allowed}"
    return f"{local} is within {allowed}, inherited {inherited} is not; {_gain_words(error)}"


def _gain_words(error: LocalError) -> str:
    if error.gain is None:
        return "nothing came in"
    relative = f", {error.gain / error.noise_gain:.3g} times that of noise" if error.noise_gain else ""
    return f"gain {error.gain:.3g}{relative}"


def beyond(median: float, worst_token: float, limits: AppliedLimits) -> bool:
    """Whether either ratio is above its limit; NaN is."""
    return not (median <= limits.noise_ratio and worst_token <= limits.worst_token_noise_ratio)


def _rel_l2(error_squares: float, truth_squares: float) -> float:
    return rel_l2(float(error_squares), float(truth_squares))
