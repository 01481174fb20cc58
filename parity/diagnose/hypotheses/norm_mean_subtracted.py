"""LayerNorm (Ba et al. 2016, arXiv 1607.06450) or parts of it where RMSNorm is meant."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.norm_parts import norm_weight

__all__ = ["NORM_MEAN_SUBTRACTED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    x, weight, epsilon = case.inputs[0], norm_weight(case), case.settings.norm_epsilon
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    mean_square = (x * x).mean(axis=-1, keepdims=True)
    unbiased = variance * x.shape[-1] / max(1, x.shape[-1] - 1)
    yield Prediction("the mean is subtracted: LayerNorm", centred / np.sqrt(variance + epsilon) * weight)
    yield Prediction(
        "the mean is subtracted: LayerNorm with n - 1 in the variance", centred / np.sqrt(unbiased + epsilon) * weight
    )
    yield Prediction("the mean is subtracted after normalising", centred / np.sqrt(mean_square + epsilon) * weight)
    yield Prediction("divided by the standard deviation", x / np.sqrt(variance + epsilon) * weight)


NORM_MEAN_SUBTRACTED = Hypothesis("norm_mean_subtracted", ("rms_norm",), _predict, rank=1)
