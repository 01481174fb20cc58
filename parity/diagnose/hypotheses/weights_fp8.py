"""Weights rounded to fp8, by a scale of the tensor, of a row or of a block, as FP8 checkpoints of Qwen3 have it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.excerpt import linear_excerpt
from parity.diagnose.formats import FORMATS, Format
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import linear_output, stored_weight
from parity.replay.arrays import Floats

__all__ = ["WEIGHTS_FP8"]

_BLOCK = 128


@dataclass(frozen=True)
class _Sharing:
    """Which weights share a scale, in words, and how many output and input channels that are; all where 0."""

    words: str
    rows: int
    columns: int


_SHARINGS = (
    _Sharing("by a scale of the whole tensor", 0, 0),
    _Sharing("by a scale of each output channel", 1, 0),
    _Sharing(f"by a scale of each block of {_BLOCK} by {_BLOCK}", _BLOCK, _BLOCK),
    _Sharing(f"by a scale of each {_BLOCK} inputs of an output channel", 1, _BLOCK),
)


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Scales bring the largest magnitude to the format's largest number."""
    excerpt, weight = linear_excerpt(case), stored_weight(case)
    for format_ in FORMATS:
        if format_.short.startswith("fp8"):
            for words, rounded in _roundings(weight, format_):
                if excerpt.is_promising(excerpt.linear(rounded[excerpt.channels])):
                    sentence = f"the weights are rounded to {format_.short} {words}"
                    yield Prediction(sentence, linear_output(case, weight=rounded), 1)


def _roundings(weight: Floats, format_: Format) -> Iterable[tuple[str, Floats]]:
    for sharing in _SHARINGS:
        scale = _largest(np.abs(weight), sharing).astype(np.float32).astype(np.float64) / format_.largest
        scale = np.where(scale > 0, scale, 1.0)
        yield sharing.words, format_.saturated(weight / scale) * scale


def _largest(magnitudes: Floats, sharing: _Sharing) -> Floats:
    """The largest of each block, with the shape of `magnitudes`; blocks at the ends may be smaller."""
    rows, columns = sharing.rows or len(magnitudes), sharing.columns or magnitudes.shape[1]
    by_row = np.maximum.reduceat(magnitudes, np.arange(0, len(magnitudes), rows), axis=0)
    blocks = np.maximum.reduceat(by_row, np.arange(0, magnitudes.shape[1], columns), axis=1)
    spread: Floats = np.repeat(np.repeat(blocks, rows, axis=0), columns, axis=1)
    return spread[: len(magnitudes), : magnitudes.shape[1]]


WEIGHTS_FP8 = Hypothesis("weights_fp8", ("linear",), _predict, rank=4)
