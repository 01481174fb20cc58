"""The factor on the scores that fits each query and head by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parity.diagnose.attention_tap import AttentionSample, attention_tap
from parity.diagnose.case import SourceCase
from parity.diagnose.remembered import remembered
from parity.replay.arrays import Floats
from parity.replay.ops import probabilities

__all__ = ["Temperatures", "common_factor", "factor_of_each_head", "temperatures"]

_GRID = np.geomspace(1 / 64, 64, 19)
_STEPS = 8
_LARGEST_STEP = 0.5


@dataclass(frozen=True, eq=False)
class Temperatures:
    """Factors τ in softmax(τ·scores).

    Attributes:
        factors: ``[row, head]``, for the sampled queries.
        information: how sharply each is told: Σ (∂output/∂log τ)², ``[row, head]``.
    """

    factors: Floats
    information: Floats


@remembered
def temperatures(case: SourceCase) -> Temperatures:
    """Search τ on a grid for each query and head, then refine by Gauss and Newton's method."""
    sample = attention_tap(case).sample
    outputs = (_output(sample, np.full((1, 1), factor))[0] for factor in _GRID)
    errors = np.stack([sample.squares(output).sum(axis=-1) for output in outputs])  # [factor, row, head]
    return _refined(sample, _GRID[errors.argmin(axis=0)], ())


def common_factor(case: SourceCase) -> float:
    """The one τ that fits all sampled queries and heads best."""
    return float(_joint(case, (0, 1))[0, 0])


def factor_of_each_head(case: SourceCase) -> Floats:
    """The τ of each head that fits all sampled queries best, ``[head]``."""
    factors: Floats = _joint(case, (0,))[0]
    return factors


def _joint(case: SourceCase, axes: tuple[int, ...]) -> Floats:
    """τ shared along `axes`, started at the weighted median of the single ones: ``[1, 1 or head]``."""
    single = temperatures(case)
    if len(axes) == 2:
        start = np.full((1, 1), _weighted_median(single.factors.ravel(), single.information.ravel()))
    else:
        heads = zip(single.factors.T, single.information.T, strict=True)
        start = np.array([[_weighted_median(factors, information) for factors, information in heads]])
    return _refined(attention_tap(case).sample, start, axes).factors


def _refined(sample: AttentionSample, factors: Floats, axes: tuple[int, ...]) -> Temperatures:
    """Gauss-Newton in log τ, with τ shared along `axes` (0: queries, 1: heads)."""
    counted = np.ones((1, 1, 1), dtype=np.bool_) if sample.judged is None else sample.judged
    information = np.zeros_like(factors)
    for _ in range(_STEPS):
        output, slope = _output(sample, factors)
        with np.errstate(invalid="ignore"):
            left, slope = (np.where(counted, array, 0.0) for array in (sample.output - output, slope))
        gradient, information = (np.einsum("rhc,rhc->rh", slope, other) for other in (left, slope))
        for axis in axes:
            gradient, information = (array.sum(axis=axis, keepdims=True) for array in (gradient, information))
        step = np.divide(gradient, information, out=np.zeros_like(gradient), where=information > 0)
        factors = factors * np.exp(np.clip(step, -_LARGEST_STEP, _LARGEST_STEP))
    return Temperatures(factors, information)


def _output(sample: AttentionSample, factors: Floats) -> tuple[Floats, Floats]:
    """What the tap would hold with scores times `factors` ``[row or 1, head or 1]``, and its slope in log τ."""
    rows = sample.rows
    scaled = rows.scores * factors[:, :, None]
    if sample.op == "scores":
        return scaled, scaled
    weights = probabilities(scaled, rows.visible[:, None])
    finite = np.where(rows.visible[:, None], scaled, 0.0)
    slope = weights * (finite - (weights * finite).sum(axis=-1, keepdims=True))
    return (weights, slope) if sample.op == "softmax" else (rows.context(weights), rows.context(slope))


def _weighted_median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    if total[-1] <= 0:
        return float(np.median(values))
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
