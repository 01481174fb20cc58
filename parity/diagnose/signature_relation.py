"""What a residual follows: the output itself, a fixed vector, one of the inputs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import input_columns
from parity.diagnose.residual import Residual
from parity.replay.arrays import Floats

__all__ = ["relation_words"]

_WORTH_SAYING = 0.2
_FOLLOWS = 0.8
_IGNORES = 0.5
_FEWEST_TOKENS = 8


def relation_words(case: SourceCase, residual: Residual) -> Iterator[str]:
    """Shares of the residual that are proportional to something known."""
    if len(residual.values) < _FEWEST_TOKENS:
        return
    factor, share = _proportion(residual.predicted, residual.values)
    if share > _WORTH_SAYING:
        yield f"{share:.0%} of it is a constant ratio: the output times {1 + factor:.4g}"
    constant = _constant_share(residual)
    if constant > _WORTH_SAYING:
        yield f"{constant:.0%} of it is a constant offset: the same vector at every token"
    if "key" not in case.tap.axes:
        yield from _input_words(case, residual)


def _input_words(case: SourceCase, residual: Residual) -> Iterator[str]:
    """An input that the residual is a multiple of, or whose size alone its size follows."""
    correlations = {}
    for place, name in enumerate(case.tap.inputs):
        x = input_columns(case, place)
        if x.shape == residual.values.shape:
            factor, share = _proportion(x, residual.values)
            if share > _WORTH_SAYING:
                yield f"{share:.0%} of it is {factor:.4g} times {name}"
        correlations[name] = _size_correlation(x, residual)
    if len(correlations) > 1:
        first, second = sorted(correlations, key=lambda name: -correlations[name])[:2]
        if correlations[first] > _FOLLOWS and correlations[second] < _IGNORES:
            yield f"its size follows that of {first} alone from token to token (correlation {correlations[first]:.2f})"


def _proportion(basis: Floats, values: Floats) -> tuple[float, float]:
    """The best factor on `basis`, and the share of `values` that it explains."""
    size, overlap, whole = float((basis * basis).sum()), float((basis * values).sum()), float((values * values).sum())
    if size == 0 or whole == 0:
        return 0.0, 0.0
    return overlap / size, overlap**2 / (size * whole)


def _constant_share(residual: Residual) -> float:
    """The share that each half of the tokens predicts of the other by its mean, so that noise can't be fitted."""
    half = np.arange(len(residual.values)) % 2 == 0
    first, second = residual.values[half].mean(axis=0), residual.values[~half].mean(axis=0)
    left = np.square(residual.values[half] - second).sum() + np.square(residual.values[~half] - first).sum()
    return float(1 - left / residual.energy)


def _size_correlation(x: Floats, residual: Residual) -> float:
    """Correlation over tokens of the logarithms of both norms."""
    sizes = np.sqrt(np.einsum("rc,rc->r", x, x))
    usable = (sizes > 0) & (residual.by_token > 0)
    if usable.sum() < _FEWEST_TOKENS:
        return 0.0
    left, right = np.log(sizes[usable]), np.log(residual.by_token[usable])
    return float(np.corrcoef(left, right)[0, 1]) if left.std() > 0 and right.std() > 0 else 0.0
