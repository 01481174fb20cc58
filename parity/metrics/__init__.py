"""Numbers about two arrays: pure functions on NumPy, accumulated in float64."""

from parity.metrics.differences import RELATIVE_OFFSET, Differences, differences
from parity.metrics.errors import cosine, error_metrics, norm_ratio, rel_l2, sqnr_db
from parity.metrics.histogram import histogram
from parity.metrics.noise import (
    TokenFloor,
    noise_metrics,
    noise_ratio_by_token,
    noisy_part,
    token_floor,
    worst_case_ratio_by_token,
)
from parity.metrics.noise_spread import NoiseSpread, noise_spread
from parity.metrics.quantile import quantiles
from parity.metrics.real_rows import RealRows, real_rows
from parity.metrics.squares import SquaredErrors, Squares, squares
from parity.metrics.where import (
    bucket_size,
    by_bucket,
    channel_rms,
    head_errors,
    rel_l2_by_token,
    token_profile,
    worst_channels,
    worst_tokens,
)

__all__ = [
    "RELATIVE_OFFSET",
    "Differences",
    "NoiseSpread",
    "RealRows",
    "SquaredErrors",
    "Squares",
    "TokenFloor",
    "bucket_size",
    "by_bucket",
    "channel_rms",
    "cosine",
    "differences",
    "error_metrics",
    "head_errors",
    "histogram",
    "noise_metrics",
    "noise_ratio_by_token",
    "noise_spread",
    "noisy_part",
    "norm_ratio",
    "quantiles",
    "real_rows",
    "rel_l2",
    "rel_l2_by_token",
    "sqnr_db",
    "squares",
    "token_floor",
    "token_profile",
    "worst_case_ratio_by_token",
    "worst_channels",
    "worst_tokens",
]
