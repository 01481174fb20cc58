"""One row of a comparison: everything that is known about one tap in one phase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from parity.diagnosis import Diagnosis
from parity.limits import AppliedLimits
from parity.token_error import TokenError, TokenProfile

__all__ = [
    "FAILING_STATUSES",
    "STATUSES",
    "ArrayInfo",
    "ChannelError",
    "ErrorMetrics",
    "HeadError",
    "Histogram",
    "NoiseMetrics",
    "NonFinite",
    "TapResult",
    "WorstElement",
]

STATUSES: Mapping[str, str] = {
    "match": "not flagged, and no farther from the truth than rounding in this dtype",
    "rounding": "flagged, yet no farther from the truth than rounding: what this dtype costs on this model",
    "mismatch": "farther from the truth than rounding explains, or flagged where no noise floor was recorded",
    "not finite": "NaN or infinity on one side",
    "shape": "the two sides have different shapes or a dtype that holds no real numbers",
    "missing": "asked for, but absent from the candidate's dump",
    "harmless": "differs, yet nothing that reads it puts out anything else, so it can't reach the output",
    "aliased": "the capture shows another tensor than the one that the next operations read",
    "extra": "in the candidate's dump, but absent from the reference's",
    "not observable": "the candidate says that it can't give this tap, and why",
}
"""Every status with its meaning."""

FAILING_STATUSES = frozenset({"mismatch", "not finite", "shape", "missing", "aliased"})


@dataclass(frozen=True)
class ArrayInfo:
    """dtype (numpy's name) and full shape, padding included, of one side's array."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class ErrorMetrics:
    """Differences of the candidate from the truth over all real elements, accumulated in float64.

    Attributes:
        mean_abs, median_abs, p99_abs, max_abs: of ``|c - r|``.
        mean_rel, median_rel, p99_rel, max_rel: of ``|c - r| / (|r| + 1e-5)``.
        rel_l2: ``‖c - r‖ / ‖r‖``.
        cosine: of the angle between c and r, as one long vector.
        norm_ratio: ``‖c‖ / ‖r‖``.
        sqnr_db: ``-20 log10(rel_l2)``; infinite where the sides are equal.
    """

    mean_abs: float
    median_abs: float
    p99_abs: float
    max_abs: float
    mean_rel: float
    median_rel: float
    p99_rel: float
    max_rel: float
    rel_l2: float
    cosine: float
    norm_ratio: float
    sqnr_db: float


@dataclass(frozen=True)
class NoiseMetrics:
    """The candidate's distance from the truth, in units of the noise floor's.

    Attributes:
        noise_ratio: R, median over tokens.
        worst_token_noise_ratio: R of the worst token.
        floor_rel_l2: rel-L2 of the floor run over all real elements.
        basis: ``measured``, or ``rounding`` where the floor run is exact and one rounding of the tap's
            inputs serves in its place.
    """

    noise_ratio: float
    worst_token_noise_ratio: float
    floor_rel_l2: float
    basis: str


@dataclass(frozen=True)
class WorstElement:
    """The element with the largest absolute error (or the first that is not finite).

    Attributes:
        index: one number per axis of the tap; the batch entry is the number of the prompt.
        axes: name of each axis.
        reference_value, candidate_value: both values; may be infinite or NaN.
    """

    index: tuple[int, ...]
    axes: tuple[str, ...]
    reference_value: float
    candidate_value: float


@dataclass(frozen=True)
class NonFinite:
    """How many real elements are NaN or infinite on each side."""

    reference: int
    candidate: int


@dataclass(frozen=True)
class HeadError:
    """rel-L2 and R of one head over all real tokens; R is None without a floor."""

    head: int
    rel_l2: float
    noise_ratio: float | None


@dataclass(frozen=True)
class ChannelError:
    """One of the worst channels.

    Attributes:
        head: its head; None where the tap has no heads.
        channel: index within the head, or within the tap.
        share: its part of the tap's squared error, 0 to 1.
        rms_error: root mean square of its error over tokens.
        rms_reference: root mean square of its truth over tokens.
    """

    head: int | None
    channel: int
    share: float
    rms_error: float
    rms_reference: float


@dataclass(frozen=True)
class Histogram:
    """Counts of |error| by decade steps, for the candidate and the floor.

    Attributes:
        log10_edges: n + 1 edges, as base-10 logarithms; the outer bins take what lies beyond.
        candidate: n counts of the candidate's |error|; zeros are counted apart.
        floor: n counts of the floor's |error|; empty without a floor.
        candidate_zeros, floor_zeros: how many elements are exactly equal to the truth.
    """

    log10_edges: tuple[float, ...]
    candidate: tuple[int, ...]
    floor: tuple[int, ...]
    candidate_zeros: int
    floor_zeros: int


@dataclass(frozen=True)
class TapResult:
    """One row: everything that is known about one tap in one phase.

    Attributes:
        phase, tap, layer, op, inputs: which tap, as in the tap graph; `layer` is None outside the layers.
        status: one of `STATUSES`.
        reason: why it has this status, in one sentence.
        flagged: its flag metric lies above the threshold.
        limits: what it was judged by.
        reference, candidate: dtype and shape of both sides; None where absent.
        elements: how many real elements were compared; 0 where values were not compared.
        non_finite: counts; None where values were not looked at.
        errors, noise, worst, profile, histogram: None where values were not compared (`noise` also without a floor).
        worst_tokens, worst_channels: the worst first; empty where values were not compared.
        heads: one entry per head, empty for taps without heads.
        diagnosis: role, causes and cost; None where the tap was not replayed.
    """

    phase: str
    tap: str
    layer: int | None
    op: str
    inputs: tuple[str, ...]
    status: str
    reason: str
    flagged: bool
    limits: AppliedLimits
    reference: ArrayInfo | None = None
    candidate: ArrayInfo | None = None
    elements: int = 0
    non_finite: NonFinite | None = None
    errors: ErrorMetrics | None = None
    noise: NoiseMetrics | None = None
    worst: WorstElement | None = None
    profile: TokenProfile | None = None
    histogram: Histogram | None = None
    worst_tokens: tuple[TokenError, ...] = ()
    worst_channels: tuple[ChannelError, ...] = ()
    heads: tuple[HeadError, ...] = ()
    diagnosis: Diagnosis | None = None

    @property
    def kind(self) -> str:
        """The tap without its layer: ``attn_out``."""
        return self.tap.rsplit(".", 1)[-1]

    @property
    def key(self) -> str:
        """``prefill-layers.3.attn_out``: phase and tap, as test ids and anchors name them."""
        return f"{self.phase}-{self.tap}"

    def fails(self, *, strict: bool = False) -> bool:
        """Whether this row fails the run; under `strict` every flag does."""
        return self.status in FAILING_STATUSES or (strict and self.flagged)
