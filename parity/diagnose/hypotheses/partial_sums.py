"""Parts of a sum over input channels that are left out or counted twice, as when a rank's share gets lost."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.excerpt import linear_excerpt
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.input_gains import input_gains
from parity.diagnose.linear_replay import linear_output
from parity.diagnose.words import channels_in_words, runs
from parity.replay.arrays import Floats

__all__ = ["PARTIAL_SUMS"]

_LARGEST_GAIN = 8


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The gain of every input channel is solved for; whole numbers other than one are parts lost or repeated.

    The same gain of all channels is a factor on the output, which other hypotheses describe.
    """
    gains = input_gains(case)
    if gains is None:
        return
    whole = np.round(gains)
    excerpt = linear_excerpt(case)
    if (whole == whole[0]).all() or np.abs(whole).max() > _LARGEST_GAIN:
        return
    if excerpt.is_promising(excerpt.linear(excerpt.weight * whole)):
        shape = case.inputs[0].shape
        x = (case.inputs[0].reshape(*shape[:2], -1) * whole).reshape(shape)
        yield Prediction(_sentence(case, whole), linear_output(case, x=x), 2 * len(runs(whole != 1)))


def _sentence(case: SourceCase, gains: Floats) -> str:
    source = case.graph[case.tap.inputs[0]]
    parts = []
    for gain in np.unique(gains[gains != 1]):
        words = channels_in_words(gains == gain, source)
        share = f"{np.mean(gains == gain):.3g} of the sum"
        parts.append(
            f"{words} of {source.name} are left out of the sum ({share})"
            if gain == 0
            else f"{words} of {source.name} are counted {gain:g} times ({share})"
        )
    return "; ".join(parts)


PARTIAL_SUMS = Hypothesis("partial_sums", ("linear",), _predict, rank=3)
