"""The row of a tap, as the CSV, the terminal, the HTML report and the notebook all show it.

`LayerRow` holds the numbers in full precision; `parity.formatting` alone turns numbers into text.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields

from parity.comparison import STATUSES, Comparison, TapResult
from parity.formatting import format_index

__all__ = ["COLUMNS", "LayerRow", "count_statuses", "layer_row"]


@dataclass(frozen=True)
class LayerRow:
    """One row of `layers.csv`: its fields are the columns, in order.

    None stands for what was not computed: errors where values were not compared, ratios without a floor.

    Attributes:
        phase, tap, layer, op, status, flagged: as in `TapResult`.
        mean_abs, median_abs, p99_abs, max_abs, mean_rel, median_rel, p99_rel, max_rel, rel_l2, cosine,
            norm_ratio, sqnr_db: as in `ErrorMetrics`.
        noise_ratio, worst_token_noise_ratio: as in `NoiseMetrics`.
        worst_index: index of the worst element, prompt first, such as ``0,12,3,7``; empty where absent.
        reference_value, candidate_value: both values there.
        non_finite: NaN and infinite elements, both sides together; None where values were not looked at.
        dtype, shape: of the candidate, or of the reference where the candidate has none; ``4,412,128``.
        local_rel_l2, local_noise_ratio, inherited_rel_l2, gain: as in `LocalError`.
        role: one of `ROLES`; empty where the tap was not replayed, as all that follows.
        worst_token_local_noise_ratio, inherited_noise_ratio, worst_token_inherited_noise_ratio, noise_gain: as in
            `LocalError`.
        cause, cause_explained_share, cause_noise_ratio: the best cause of a source in words, the share of its error
            that this explains, and R of what is left.
        cost_mean_kl: what a source's own error alone does to the next-token distribution, in nats.
    """

    phase: str
    tap: str
    layer: int | None
    op: str
    status: str
    flagged: bool
    mean_abs: float | None
    median_abs: float | None
    p99_abs: float | None
    max_abs: float | None
    mean_rel: float | None
    median_rel: float | None
    p99_rel: float | None
    max_rel: float | None
    rel_l2: float | None
    cosine: float | None
    norm_ratio: float | None
    sqnr_db: float | None
    noise_ratio: float | None
    worst_token_noise_ratio: float | None
    worst_index: str
    reference_value: float | None
    candidate_value: float | None
    non_finite: int | None
    dtype: str
    shape: str
    local_rel_l2: float | None
    local_noise_ratio: float | None
    inherited_rel_l2: float | None
    gain: float | None
    role: str
    worst_token_local_noise_ratio: float | None
    inherited_noise_ratio: float | None
    worst_token_inherited_noise_ratio: float | None
    noise_gain: float | None
    cause: str
    cause_explained_share: float | None
    cause_noise_ratio: float | None
    cost_mean_kl: float | None


COLUMNS = tuple(field.name for field in fields(LayerRow))
"""The columns of `layers.csv`, in order."""


def layer_row(result: TapResult) -> LayerRow:
    """Flatten one result of the comparison into its row."""
    errors, noise, worst, counts = result.errors, result.noise, result.worst, result.non_finite
    array, diagnosis = result.candidate or result.reference, result.diagnosis
    local = diagnosis.local if diagnosis else None
    cause = diagnosis.causes[0] if diagnosis and diagnosis.causes else None
    cost = diagnosis.cost if diagnosis else None
    return LayerRow(
        phase=result.phase,
        tap=result.tap,
        layer=result.layer,
        op=result.op,
        status=result.status,
        flagged=result.flagged,
        mean_abs=errors.mean_abs if errors else None,
        median_abs=errors.median_abs if errors else None,
        p99_abs=errors.p99_abs if errors else None,
        max_abs=errors.max_abs if errors else None,
        mean_rel=errors.mean_rel if errors else None,
        median_rel=errors.median_rel if errors else None,
        p99_rel=errors.p99_rel if errors else None,
        max_rel=errors.max_rel if errors else None,
        rel_l2=errors.rel_l2 if errors else None,
        cosine=errors.cosine if errors else None,
        norm_ratio=errors.norm_ratio if errors else None,
        sqnr_db=errors.sqnr_db if errors else None,
        noise_ratio=noise.noise_ratio if noise else None,
        worst_token_noise_ratio=noise.worst_token_noise_ratio if noise else None,
        worst_index=format_index(worst.index) if worst else "",
        reference_value=worst.reference_value if worst else None,
        candidate_value=worst.candidate_value if worst else None,
        non_finite=counts.reference + counts.candidate if counts else None,
        dtype=array.dtype if array else "",
        shape=format_index(array.shape) if array else "",
        local_rel_l2=local.local_rel_l2 if local else None,
        local_noise_ratio=local.local_noise_ratio if local else None,
        inherited_rel_l2=local.inherited_rel_l2 if local else None,
        gain=local.gain if local else None,
        role=diagnosis.role if diagnosis else "",
        worst_token_local_noise_ratio=local.worst_token_local_noise_ratio if local else None,
        inherited_noise_ratio=local.inherited_noise_ratio if local else None,
        worst_token_inherited_noise_ratio=local.worst_token_inherited_noise_ratio if local else None,
        noise_gain=local.noise_gain if local else None,
        cause=cause.sentence if cause else "",
        cause_explained_share=cause.explained_share if cause else None,
        cause_noise_ratio=cause.noise_ratio if cause else None,
        cost_mean_kl=cost.local_error.mean_kl if cost else None,
    )


def count_statuses(comparison: Comparison) -> dict[str, int]:
    """How many rows have each status, in the order of `STATUSES`; statuses that no row has are left out."""
    counts = Counter(row.status for row in comparison.rows)
    return {status: counts[status] for status in STATUSES if counts[status]}
