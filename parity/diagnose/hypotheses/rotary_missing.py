"""RoPE left out."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotation import rotary_predictions, rotation_of, turning

__all__ = ["ROTARY_MISSING"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The output is the input; a position frozen at 0 looks the same."""
    still, scale = np.zeros(rotation_of(case).pairs), rotation_of(case).scale
    sentence = f"{case.tap.kind[0]} is not rotated (no RoPE, or position 0 at every token)"
    guesses = [Guess(sentence, turning(still))]
    if scale != 1:
        guesses.append(Guess(f"{sentence}, only scaled by {scale:.4g}", turning(still, scale=scale)))
    return rotary_predictions(case, guesses)


ROTARY_MISSING = Hypothesis("rotary_missing", ("rotary",), _predict, rank=1)
