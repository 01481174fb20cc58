"""A factor on each token, as of a statistic of the token that is wrong."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns
from parity.diagnose.hypothesis import CHANNEL_OPERATIONS, Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["TOKEN_SCALE"]

_FEWEST_VALUES = 4


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Nothing where most tokens are little more than one massive channel: a factor would fit any error of those."""
    predicted, output = columns(case, case.predicted), columns(case, case.output)
    if np.median(_spread(predicted)) < _FEWEST_VALUES:
        return
    size = (predicted * predicted).sum(axis=1)
    factors = np.divide((predicted * output).sum(axis=1), size, out=np.ones_like(size), where=size > 0)
    placed = np.ones(case.output.shape[:2])
    placed[case.reference.tokens.mask] = factors
    scaled = case.predicted * placed.reshape(*placed.shape, *[1] * (case.output.ndim - 2))
    sentence = f"each token has a factor of its own, {factors.min():.4g} to {factors.max():.4g}"
    yield Prediction(sentence, scaled, factors.size)


def _spread(predicted: Floats) -> Floats:
    """How many values share a token's square, ``[row]``: (Σ y²)² / Σ y⁴."""
    squares = predicted * predicted
    fourth = (squares * squares).sum(axis=1)
    spread: Floats = np.divide(squares.sum(axis=1) ** 2, fourth, out=np.zeros_like(fourth), where=fourth > 0)
    return spread


TOKEN_SCALE = Hypothesis("token_scale", CHANNEL_OPERATIONS, _predict, rank=58)
