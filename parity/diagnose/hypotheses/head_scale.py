"""A factor on each head."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import weighted
from parity.diagnose.hypothesis import EVERY_OPERATION, Hypothesis, Prediction

__all__ = ["HEAD_SCALE"]

_LISTED = 4


def _predict(case: SourceCase) -> Iterable[Prediction]:
    if "head" not in case.tap.axes:
        return
    axis = case.tap.axes.index("head")
    heads = case.output.shape[axis]
    predicted, output = (weighted(case, a) for a in (case.predicted, case.output))
    predicted, output = (a.reshape(len(a), heads, -1) for a in (predicted, output))
    size = (predicted * predicted).sum(axis=(0, 2))
    factors = np.divide((predicted * output).sum(axis=(0, 2)), size, out=np.ones_like(size), where=size > 0)
    shape = [heads if place == axis else 1 for place in range(case.output.ndim)]
    yield Prediction(_sentence(factors), case.predicted * factors.reshape(shape), heads)


def _sentence(factors: np.ndarray) -> str:
    order = np.argsort(-np.abs(factors - 1), kind="stable")[:_LISTED]
    named = ", ".join(f"head {head}: {factors[head]:.4g}" for head in sorted(order))
    return f"each head has a factor of its own ({named}{' …' if factors.size > _LISTED else ''})"


HEAD_SCALE = Hypothesis("head_scale", EVERY_OPERATION, _predict, rank=52)
