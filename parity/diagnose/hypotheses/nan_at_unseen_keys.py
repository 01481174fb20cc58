"""NaN that lies where nothing should be read, and is multiplied by a probability of zero: ``0 · NaN`` is NaN."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["NAN_AT_UNSEEN_KEYS"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Padding holds NaN, so every query of a prompt that has padding gets NaN, and every query of the others none."""
    mask = case.reference.tokens.mask
    padded = np.logical_not(mask.all(axis=1))
    if padded.any():
        sentence = (
            "masked keys are multiplied by zero instead of being left out, and padding holds NaN: every token of the "
            f"{int(padded.sum())} of {len(padded)} prompts that have padding is NaN, no other is"
        )
        yield Prediction(sentence, _nan_at(case, np.broadcast_to(padded[:, None], mask.shape)))


def _nan_at(case: SourceCase, tokens: npt.NDArray[np.bool_]) -> Floats:
    """The reference's output with NaN at `tokens`, ``[batch, token]``."""
    output: Floats = case.predicted.copy()
    np.moveaxis(output, case.tap.axes.index("token"), 1)[tokens] = np.nan
    return output


NAN_AT_UNSEEN_KEYS = Hypothesis("nan_at_unseen_keys", ("softmax", "attention"), _predict, rank=1, about_non_finite=True)
