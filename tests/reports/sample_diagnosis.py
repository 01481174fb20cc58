"""Made-up diagnoses with the shape of real ones, put into a made-up comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from parity.comparison import Comparison, TapResult
from parity.diagnosis import Cause, Diagnosis, LocalError, LocalProfile, LogitCost, TapCost
from parity.token_error import TokenError

__all__ = ["CAUSES", "SIGNATURE", "make_cost", "with_diagnosis"]

CAUSES = (
    Cause("bias_missing", "the bias is missing", 0.999996, 0.954, 1.08, 0),
    Cause("bias_multiplied", "the bias is multiplied by 0.0312", 0.9948, 33.7, 57.3, 1),
    Cause("constant_offset", "a constant offset per channel", 0.9912, None, None, 512),
)
"""One that explains everything, one that leaves much, and one of which R is unknown."""

SIGNATURE = "The residual is 0.196 of the output (R 495, at the worst token 736): it grows with the position."


def with_diagnosis(
    comparison: Comparison,
    *,
    sources: Sequence[str] | None = None,
    causes: Sequence[Cause] = CAUSES,
    signature: str = "",
    priced: bool = True,
) -> Comparison:
    """`comparison` with every compared row diagnosed.

    Args:
        comparison: as `make_comparison` makes it.
        sources: taps that are sources in every phase; by default the first failing row of each phase. Rows beyond
            their limits after the first source carry its error, RMS norms amplify it, all others are clean.
        causes: of every source.
        signature: of every source.
        priced: whether sources have a cost.
    """
    rows: list[TapResult] = []
    for phase in dict.fromkeys(row.phase for row in comparison.rows):
        phase_rows = [row for row in comparison.rows if row.phase == phase]
        found = _sources(phase_rows) if sources is None else set(sources)
        begun = False
        for row in phase_rows:
            role = _role(row, row.tap in found, begun)
            begun = begun or role == "source"
            rows.append(row if row.errors is None else replace(row, diagnosis=_diagnosis(row, role)))
    rows = [_explained(row, tuple(causes), signature, priced=priced) for row in rows]
    return replace(comparison, rows=tuple(rows), logits=make_cost(0.0031, flipped=12))


def make_cost(mean_kl: float, *, flipped: int, positions: int = 480) -> LogitCost:
    """A cost whose numbers agree with one another."""
    return LogitCost(
        positions=positions,
        mean_kl=mean_kl,
        max_kl=7 * mean_kl,
        top1_agreement=1 - flipped / positions,
        decided_positions=positions - 8,
        decided_top1_agreement=1 - max(0, flipped - 3) / (positions - 8),
        flipped_positions=flipped,
        top5_overlap=0.964,
        median_margin_used=0.0077,
        max_margin_used=10.0 if flipped else 0.4,
    )


def _sources(rows: Sequence[TapResult]) -> set[str]:
    return {row.tap for row in [row for row in rows if row.fails() and row.errors is not None][:1]}


def _role(row: TapResult, is_source: bool, begun: bool) -> str:
    if is_source:
        return "source"
    if row.status != "mismatch" or not begun:
        return "clean"
    return "amplifier" if row.op == "rms_norm" else "carrier"


def _diagnosis(row: TapResult, role: str) -> Diagnosis:
    assert row.errors is not None
    ratio = row.noise.noise_ratio if row.noise else 1.0
    worst = row.noise.worst_token_noise_ratio if row.noise else 1.5
    ours = (4.4 * ratio, 6.4 * ratio) if role == "source" else (0.81, 1.04)
    came = (0.4, 1.9) if role in ("source", "clean") else (ratio, worst)
    local = LocalError(
        local_rel_l2=row.errors.rel_l2 if role == "source" else 2.9e-4,
        local_noise_ratio=ours[0],
        worst_token_local_noise_ratio=ours[1],
        inherited_rel_l2=5.1e-4 if role in ("source", "clean") else row.errors.rel_l2,
        inherited_noise_ratio=came[0],
        worst_token_inherited_noise_ratio=came[1],
        gain=None if row.tap == "embed" else 8.9 if role == "amplifier" else 1.7,
        noise_gain=None if row.tap == "embed" else 0.2 if role == "amplifier" else 1.69,
        worst_local_tokens=tuple(_local_token(token, ours) for token in row.worst_tokens),
        profile=_profile(row, ours, came),
    )
    reason = f"local R {ours[0]:.3g} (worst token {ours[1]:.3g}), inherited R {came[0]:.3g}"
    return Diagnosis(local, role, reason)


def _local_token(token: TokenError, ratios: tuple[float, float]) -> TokenError:
    return replace(token, rel_l2=0.9 * token.rel_l2, noise_ratio=ratios[1])


def _profile(row: TapResult, ours: tuple[float, float], came: tuple[float, float]) -> LocalProfile | None:
    if row.profile is None:
        return None
    buckets = len(row.profile.rel_l2)
    local, inherited = ([worst, *[median] * (buckets - 1)] for median, worst in (ours, came))
    return LocalProfile(row.profile.bucket, tuple(local), tuple(inherited))


def _explained(row: TapResult, causes: tuple[Cause, ...], signature: str, *, priced: bool) -> TapResult:
    if row.diagnosis is None or row.diagnosis.role != "source":
        return row
    cost = TapCost(make_cost(0.0031, flipped=12), make_cost(0.0029, flipped=11)) if priced else None
    return replace(row, diagnosis=replace(row.diagnosis, causes=causes, signature=signature, cost=cost))
