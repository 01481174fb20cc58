"""Rows of the batch mixed up: a prompt has another prompt's output."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import CHANNEL_OPERATIONS, Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["PROMPTS_EXCHANGED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """For each prompt, the prompt whose prediction is nearest over the tokens that both have."""
    source = _nearest_prompts(case)
    if (source == np.arange(source.size)).all():
        return
    output = case.predicted.copy()
    for row, other in enumerate(source):
        common = _common(case, row, int(other))
        output[row, common] = case.predicted[other, common]
    named = ", ".join(f"{row} has that of {other}" for row, other in enumerate(source) if row != other)
    fitted = int((source != np.arange(source.size)).sum())
    yield Prediction(f"prompts are mixed up: {named}", output, fitted)


def _nearest_prompts(case: SourceCase) -> npt.NDArray[np.int64]:
    count = len(case.predicted)
    distance = np.empty((count, count))
    for row in range(count):
        for other in range(count):
            common = _common(case, row, other)
            distance[row, other] = _mean_square(case.output[row, common] - case.predicted[other, common])
    nearest: npt.NDArray[np.int64] = distance.argmin(axis=1)
    return nearest


def _common(case: SourceCase, row: int, other: int) -> npt.NDArray[np.intp]:
    """Places in the padded batch where both prompts have a token."""
    mask = case.reference.tokens.mask
    return np.flatnonzero(mask[row] & mask[other])


def _mean_square(values: Floats) -> float:
    return float(np.square(values).mean()) if values.size else np.inf


PROMPTS_EXCHANGED = Hypothesis("prompts_exchanged", CHANNEL_OPERATIONS, _predict, rank=4, needs_all_tokens=True)
