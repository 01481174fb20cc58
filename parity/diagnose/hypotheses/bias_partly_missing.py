"""A bias that some channels or heads lack."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.linear_replay import effective_bias, linear_output, stored_bias
from parity.diagnose.words import channels_in_words, head_layout, runs
from parity.replay.arrays import Floats

__all__ = ["BIAS_PARTLY_MISSING"]

_FEWEST_CHANNELS_PER_RUN = 4


def _predict(case: SourceCase) -> Iterable[Prediction]:
    if case.parameters.bias is None:
        return
    added, bias = effective_bias(case), stored_bias(case)
    for missing in (_by_head(added, bias, head_layout(case.tap)[0]), _by_channel(added, bias)):
        found = runs(missing)
        if missing.any() and not missing.all() and len(found) * _FEWEST_CHANNELS_PER_RUN <= bias.size:
            sentence = f"the bias is missing in {channels_in_words(missing, case.tap)} of {case.tap.kind}"
            yield Prediction(sentence, linear_output(case, bias=np.where(missing, 0.0, bias)), 2 * len(found))


def _by_head(added: Floats, bias: Floats, heads: int) -> npt.NDArray[np.bool_]:
    """Heads whose added bias is nearer to zero than to the stored one."""
    with_bias, without = ((added - b).reshape(heads, -1) for b in (bias, np.zeros_like(bias)))
    return np.repeat(np.square(without).sum(axis=1) < np.square(with_bias).sum(axis=1), bias.size // heads)


def _by_channel(added: Floats, bias: Floats) -> npt.NDArray[np.bool_]:
    """Likewise for channels; those whose bias is too small to tell follow the one before."""
    nearer_zero = np.abs(added) < np.abs(added - bias)
    telling = np.abs(bias) > 0.05 * np.abs(bias).max()
    last = np.maximum.accumulate(np.where(telling, np.arange(bias.size), 0))
    return nearer_zero[last]


BIAS_PARTLY_MISSING = Hypothesis("bias_partly_missing", ("linear",), _predict, rank=2)
