"""A mean square over other elements: all heads, a rank's share of the channels, other tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.norm_parts import norm_weight
from parity.replay.arrays import Floats

__all__ = ["NORM_AXIS"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    x, epsilon = case.inputs[0], case.settings.norm_epsilon
    for words, mean_square in _mean_squares(case, x * x):
        output = x / np.sqrt(mean_square + epsilon) * norm_weight(case)
        yield Prediction(f"the mean square is taken over {words}", output)


def _mean_squares(case: SourceCase, squares: Floats) -> Iterator[tuple[str, Floats]]:
    """Each broadcastable to the axes of the tap."""
    if squares.ndim == 4:
        yield "all heads together", squares.mean(axis=(2, 3), keepdims=True)
        yield "the heads, channel by channel", squares.mean(axis=2, keepdims=True)
    width, shape = squares.shape[-1], case.settings.shape
    for parts in sorted({2, 4, 8, shape.heads, shape.kv_heads}):
        if parts > 1 and width % parts == 0 and width > parts:
            grouped = squares.reshape(*squares.shape[:-1], parts, -1)
            mean = np.broadcast_to(grouped.mean(axis=-1, keepdims=True), grouped.shape).reshape(squares.shape)
            yield f"each of {parts} parts of the channels by itself", mean
    mask = case.reference.tokens.mask.reshape(*case.reference.tokens.mask.shape, *[1] * (squares.ndim - 2))
    count = mask.sum(axis=1, keepdims=True)
    by_channel = np.where(mask, squares, 0.0).sum(axis=1, keepdims=True) / count
    yield "the tokens of the prompt, channel by channel", by_channel
    yield "all tokens and channels of the prompt", by_channel.mean(axis=-1, keepdims=True)


NORM_AXIS = Hypothesis("norm_axis", ("rms_norm",), _predict, rank=2, needs_all_tokens=True)
