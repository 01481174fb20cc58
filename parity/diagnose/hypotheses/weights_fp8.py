"""Weights rounded to fp8, by a scale of the tensor, of a row or of a block, as FP8 checkpoints of Qwen3 have it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.diagnose.case import SourceCase
from parity.diagnose.excerpt import linear_excerpt
from parity.diagnose.formats import FORMATS, Format
from parity.diagnose.grids import column_extremes
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import linear_output
from parity.replay.arrays import Floats, widened

__all__ = ["WEIGHTS_FP8"]

_BLOCK = 128


@dataclass(frozen=True)
class _Sharing:
    """Which weights share a scale, in words, and how many output and input channels that are; all where both are 0."""

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
    excerpt, stored = linear_excerpt(case), case.parameters.weight
    assert stored is not None
    for format_ in FORMATS:
        if format_.short.startswith("fp8"):
            for sharing in _SHARINGS:
                few = _rounded(stored, excerpt.channels, sharing, format_)
                if excerpt.is_promising(excerpt.linear(few)):
                    whole = _rounded(stored, np.arange(len(stored)), sharing, format_)
                    sentence = f"the weights are rounded to {format_.short} {sharing.words}"
                    yield Prediction(sentence, linear_output(case, weight=whole), 1)


def _rounded(stored: npt.NDArray[Any], channels: npt.NDArray[np.intp], sharing: _Sharing, format_: Format) -> Floats:
    """The rows of `stored` that make the output `channels`, rounded: ``[channel, in]``."""
    if not sharing.rows:
        extremes = column_extremes(stored)
        rows = widened(stored[channels])
        largest = np.full((1, 1), max(float(extremes.largest.max()), -float(extremes.least.min())))
    else:
        kept = np.flatnonzero(np.isin(np.arange(len(stored)) // sharing.rows, channels // sharing.rows))
        together = widened(stored[kept])
        chosen = np.searchsorted(kept, channels)
        rows, largest = together[chosen], _largest(np.abs(together), sharing)[chosen]
    scale = largest.astype(np.float32).astype(np.float64) / format_.largest
    scale = np.where(scale > 0, scale, 1.0)
    return format_.saturated(rows / scale) * scale


def _largest(magnitudes: Floats, sharing: _Sharing) -> Floats:
    """The largest of each block, with the shape of `magnitudes`; blocks at the ends may be smaller."""
    rows, columns = sharing.rows, sharing.columns or magnitudes.shape[1]
    by_row = np.maximum.reduceat(magnitudes, np.arange(0, len(magnitudes), rows), axis=0)
    blocks = np.maximum.reduceat(by_row, np.arange(0, magnitudes.shape[1], columns), axis=1)
    spread: Floats = np.repeat(np.repeat(blocks, rows, axis=0), columns, axis=1)
    return spread[: len(magnitudes), : magnitudes.shape[1]]


WEIGHTS_FP8 = Hypothesis("weights_fp8", ("linear",), _predict, rank=4)
