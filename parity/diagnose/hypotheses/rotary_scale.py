"""Another factor on cos and sin: YaRN's attention factor (mscale) missing, doubled or of another length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess, round_numbers
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotation import Rotation, Turning, rotary_predictions, rotation_of, turning

__all__ = ["ROTARY_SCALE"]

_YARN_FACTORS = (2, 4, 8, 16, 32, 40, 64)


def _predict(case: SourceCase) -> Iterable[Prediction]:
    return rotary_predictions(case, _guesses(rotation_of(case)))


def _guesses(rotation: Rotation) -> Iterator[Guess[Turning]]:
    scale = rotation.scale
    sentences = []
    if scale != 1:
        sentences += [
            (f"the factor {scale:.4g} on cos and sin (attention factor, mscale) is missing", 1.0, 0),
            (f"the factor {scale:.4g} on cos and sin (attention factor, mscale) is applied twice", scale**2, 0),
        ]
    for factor in _YARN_FACTORS:  # 0.1 ln(s) + 1, Peng et al. 2023, arXiv 2309.00071
        mscale = 0.1 * np.log(factor) + 1
        sentences.append((f"cos and sin are scaled by {mscale:.4g}, as YaRN with factor {factor} does", mscale, 1))
    for value, _ in round_numbers(rotation.fitted_scale(rotation.frequencies)):
        sentences.append((f"cos and sin are scaled by {value:.5g} instead of {scale:.5g}", value, 1))
    for sentence, value, fitted in sentences:
        yield Guess(sentence, turning(rotation.frequencies, scale=value), fitted)


ROTARY_SCALE = Hypothesis("rotary_scale", ("rotary",), _predict, rank=2)
