"""The error metrics of one tap."""

from __future__ import annotations

import math

from parity.comparison import ErrorMetrics
from parity.metrics.differences import Differences, Floats
from parity.metrics.quantile import quantiles

__all__ = ["cosine", "error_metrics", "norm_ratio", "rel_l2", "sqnr_db"]


def error_metrics(found: Differences) -> ErrorMetrics:
    """All error metrics; reorders `found.absolute` and `found.relative`, which no later metric may rely on."""
    error, truth = float(found.error_squares.sum()), float(found.truth_squares.sum())
    side, product = float(found.side_squares.sum()), float(found.products.sum())
    distance = rel_l2(error, truth)
    return ErrorMetrics(
        *_summary(found.absolute),
        *_summary(found.relative),
        rel_l2=distance,
        cosine=cosine(product, side, truth),
        norm_ratio=norm_ratio(side, truth),
        sqnr_db=sqnr_db(distance),
    )


def rel_l2(error_squares: float, truth_squares: float) -> float:
    """‖side - truth‖ / ‖truth‖ from sums of squares; 0 where both are zero, infinite where only the truth is."""
    if truth_squares == 0:
        return 0.0 if error_squares == 0 else math.inf
    return math.sqrt(error_squares / truth_squares)


def cosine(products: float, side_squares: float, truth_squares: float) -> float:
    """Cosine of the angle between both sides; 1 where both are zero, 0 where one is."""
    if side_squares == 0 or truth_squares == 0:
        return 1.0 if side_squares == truth_squares else 0.0
    return max(-1.0, min(1.0, products / math.sqrt(side_squares) / math.sqrt(truth_squares)))


def norm_ratio(side_squares: float, truth_squares: float) -> float:
    """‖side‖ / ‖truth‖; 1 where both are zero, infinite where only the truth is."""
    if truth_squares == 0:
        return 1.0 if side_squares == 0 else math.inf
    return math.sqrt(side_squares / truth_squares)


def sqnr_db(distance: float) -> float:
    """Signal to quantisation noise ratio of a rel-L2: -20 log10; infinite at 0."""
    if distance == 0:
        return math.inf
    return -20 * math.log10(distance) if math.isfinite(distance) else -math.inf


def _summary(values: Floats) -> tuple[float, float, float, float]:
    """Mean, median, 99th percentile and maximum."""
    mean, largest = float(values.mean()), float(values.max())
    median, p99 = quantiles(values, (0.5, 0.99))
    return mean, median, p99, largest
