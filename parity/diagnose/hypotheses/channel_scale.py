"""A factor on each output channel, as of a scale per channel that is missing or belongs to other channels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import weighted
from parity.diagnose.hypothesis import CHANNEL_OPERATIONS, Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["CHANNEL_SCALE"]

_MOST_RUNS = 8
_CLEARLY = 8.0


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """A factor for each channel, and the same in runs of equal factors where there are few."""
    predicted, output = weighted(case, case.predicted), weighted(case, case.output)
    overlap, size = (predicted * output).sum(axis=0), (predicted * predicted).sum(axis=0)
    factors = np.divide(overlap, size, out=np.ones_like(size), where=size > 0)
    channels = output.shape[1]
    # In units of a token's noise a channel's noise is about 1 / √channels, so this is the deviation of a factor.
    deviation = np.divide(1.0, np.sqrt(size * channels), out=np.full_like(size, np.inf), where=size > 0)
    starts = _starts(factors, deviation)
    if 1 < starts.size <= _MOST_RUNS:
        of_run = np.add.reduceat(overlap, starts) / np.add.reduceat(size, starts)
        stops = np.append(starts[1:], factors.size)
        words = ", ".join(f"{a}–{b - 1}: {f:.4g}" for a, b, f in zip(starts, stops, of_run, strict=True))
        yield _scaled(
            case, f"output channels have factors ({words})", np.repeat(of_run, stops - starts), 2 * starts.size
        )
    low, high = np.quantile(factors, [0.05, 0.95])
    words = f"each output channel has a factor of its own, mostly {low:.3g} to {high:.3g}"
    yield _scaled(case, words, factors, factors.size)


def _starts(factors: Floats, deviation: Floats) -> npt.NDArray[np.int64]:
    """Where runs of equal factors begin, given the standard deviation of each factor."""
    steps = np.abs(np.diff(factors)) > _CLEARLY * np.hypot(deviation[1:], deviation[:-1])
    return np.concatenate([[0], np.flatnonzero(steps) + 1])


def _scaled(case: SourceCase, sentence: str, factors: Floats, fitted: int) -> Prediction:
    return Prediction(sentence, case.predicted * factors.reshape(case.output.shape[2:]), fitted)


CHANNEL_SCALE = Hypothesis("channel_scale", CHANNEL_OPERATIONS, _predict, rank=55)
