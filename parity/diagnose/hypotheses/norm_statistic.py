"""A norm that divides by something else than the root of the mean square, or that reads only some channels for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.norm_parts import gain_distance, norm_parts, norm_weight
from parity.replay.arrays import Floats

__all__ = ["NORM_STATISTIC"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    x, epsilon = case.inputs[0], case.settings.norm_epsilon
    for words, divisor in _divisors(x, epsilon):
        yield Prediction(f"divided by {words} instead of the root of the mean square", _divided(case, divisor))
    for words, squares in _parts(case):
        yield Prediction(f"the mean square leaves out channels: {words}", _divided(case, np.sqrt(squares + epsilon)), 1)


def _divided(case: SourceCase, divisor: Floats) -> Floats:
    x = case.inputs[0]
    result: Floats = np.divide(x, divisor, out=np.zeros_like(x), where=divisor > 0) * norm_weight(case)
    return result


def _divisors(x: Floats, epsilon: float) -> Iterator[tuple[str, Floats]]:
    """Each with one channel, without epsilon and with it."""
    mean_square, magnitudes = (x * x).mean(axis=-1, keepdims=True), np.abs(x)
    for added in (0.0, epsilon):
        yield "the mean square (the root is missing)", mean_square + added
        yield "the fourth root of the mean square", (mean_square + added) ** 0.25
        yield "the mean magnitude", magnitudes.mean(axis=-1, keepdims=True) + added
        yield "the largest magnitude", magnitudes.max(axis=-1, keepdims=True) + added
        yield "the sum of magnitudes", magnitudes.sum(axis=-1, keepdims=True) + added


def _parts(case: SourceCase) -> Iterator[tuple[str, Floats]]:
    """The first or last n channels whose squares, over n or over all, fit the candidate's gains best."""
    count = case.output.shape[-1]
    squares = case.inputs[0] ** 2
    for backwards, words in ((False, "first"), (True, "last")):
        sums = _running(norm_parts(case).x ** 2, backwards=backwards)
        for whole in (False, True):
            n = _best(case, sums, count if whole else None)
            if n < count:
                total = _running(squares, backwards=backwards)[..., n - 1 : n]
                by = f", divided by all {count}" if whole else ""
                yield f"only the {words} {n} of {count} are summed{by}", total / (count if whole else n)


def _running(squares: Floats, *, backwards: bool) -> Floats:
    """Sums of the first 1, 2, … channels, or of the last ones."""
    result: Floats = np.cumsum(squares[..., ::-1] if backwards else squares, axis=-1)
    return result


def _best(case: SourceCase, sums: Floats, divisor: int | None) -> int:
    epsilon, counts = case.settings.norm_epsilon, range(1, sums.shape[1] + 1)
    return min(
        counts,
        key=lambda n: gain_distance(case, lambda mean_square: 1 / np.sqrt(sums[:, n - 1] / (divisor or n) + epsilon)),
    )


NORM_STATISTIC = Hypothesis("norm_statistic", ("rms_norm",), _predict, rank=4)
