"""Whether stored values are the wanted ones, bit by bit, in one pass over both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qwen_trt_model.casting import bits
from qwen_trt_model.lint.values.wanted import Wanted

__all__ = ["Differences", "find_differences"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Differences:
    """How stored values deviate.

    Attributes:
        count: how many do.
        elements: of how many.
        first: row and column of the first that does.
        expected, found: the two values there.
        error: rel-L2 of the deviation; infinite where a value is not finite.
        cosine: of both taken as vectors.
    """

    count: int
    elements: int
    first: tuple[int, int]
    expected: float
    found: float
    error: float
    cosine: float


def find_differences(wanted: Wanted, found: Array) -> Differences | None:
    """Compare `found`, a matrix of the shape and dtype of `wanted`; None where all values are equal.

    NaN equals NaN, and both zeros are equal.
    """
    if all(_differing(block, found[start : start + len(block)]) is None for start, block in wanted.blocks()):
        return None
    return _measure(wanted, found)


def _measure(wanted: Wanted, found: Array) -> Differences:
    count, places, sums = 0, [], np.zeros(4)
    for start, expected in wanted.blocks():
        actual = found[start : start + len(expected)]
        differs = _differing(expected, actual)
        if differs is not None:
            places.append(_place(start, differs, expected, actual))
            count += int(np.count_nonzero(differs))
        sums += _sums(expected, actual)
    place, values = places[0]
    return Differences(count, found.size, place, *values, *_error_and_cosine(sums))


def _differing(expected: Array, actual: Array) -> npt.NDArray[np.bool_] | None:
    """Where values differ; None where they do nowhere."""
    differs: npt.NDArray[np.bool_] = bits(expected) != bits(actual)
    if not differs.any():
        return None
    with np.errstate(invalid="ignore"):
        differs &= ~((expected == actual) | (np.isnan(expected) & np.isnan(actual)))
    return differs if differs.any() else None


def _place(
    start: int, differs: npt.NDArray[np.bool_], expected: Array, actual: Array
) -> tuple[tuple[int, int], tuple[float, float]]:
    row, column = (int(i) for i in np.argwhere(differs)[0])
    return (start + row, column), (float(expected[row, column]), float(actual[row, column]))


def _sums(expected: Array, actual: Array) -> npt.NDArray[np.float64]:
    """Of the squared error, both squares and the product."""
    a, b = expected.astype(np.float64), actual.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.array([np.square(b - a).sum(), np.square(a).sum(), np.square(b).sum(), (a * b).sum()])


def _error_and_cosine(sums: npt.NDArray[np.float64]) -> tuple[float, float]:
    if not np.isfinite(sums).all():
        return float("inf"), float("nan")
    error, truth, side, product = (float(value) for value in sums)
    relative = (error / truth) ** 0.5 if truth else float("inf")
    return relative, product / (truth * side) ** 0.5 if truth * side else 0.0
