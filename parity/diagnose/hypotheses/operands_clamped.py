"""Inputs or weights of a product cut off at a limit: a static scale that is too small, outliers clipped away."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.excerpt import LinearExcerpt, linear_excerpt
from parity.diagnose.fitting import minimum, round_numbers
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import linear_output, stored_weight
from parity.replay.arrays import Floats

__all__ = ["OPERANDS_CLAMPED"]

_GRID = 40


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The limit is searched between the median and the largest size."""
    excerpt = linear_excerpt(case)
    scale = excerpt.scale[:, None]
    x = np.divide(excerpt.x, scale, out=np.zeros_like(excerpt.x), where=scale > 0)
    limit = _limit(excerpt, x, lambda c: excerpt.linear(excerpt.weight, x=x.clip(-c, c) * scale))
    if limit is not None:
        for value, fitted in round_numbers(limit):
            output = linear_output(case, x=case.inputs[0].clip(-value, value))
            yield Prediction(f"the inputs are cut off at ±{value:.4g}", output, fitted)
    limit = _limit(excerpt, excerpt.weight, lambda c: excerpt.linear(excerpt.weight.clip(-c, c)))
    if limit is not None:
        for value, fitted in round_numbers(limit):
            output = linear_output(case, weight=stored_weight(case).clip(-value, value))
            yield Prediction(f"the weights are cut off at ±{value:.4g}", output, fitted)


def _limit(excerpt: LinearExcerpt, values: Floats, output: Callable[[float], Floats]) -> float | None:
    """The limit on `values` whose `output` comes nearest; None where it is not promising."""
    sizes = np.abs(values)
    low, high = float(np.median(sizes)), float(sizes.max())
    if not 0 < low < high:
        return None

    def left(log_limit: float) -> float:
        return -excerpt.share(output(float(np.exp(log_limit))))

    solved = float(np.exp(minimum(left, np.linspace(np.log(low), np.log(high), _GRID))))
    return solved if excerpt.is_promising(output(solved)) else None


OPERANDS_CLAMPED = Hypothesis("operands_clamped", ("linear",), _predict, rank=4)
