"""A factor on each input channel, as of a smoothing scale that only one side of a product has."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.excerpt import linear_excerpt
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.input_gains import input_gains
from parity.diagnose.linear_replay import linear_output

__all__ = ["INPUT_CHANNEL_SCALE"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    gains = input_gains(case)
    excerpt = linear_excerpt(case)
    if gains is not None and excerpt.is_promising(excerpt.linear(excerpt.weight * gains)):
        shape = case.inputs[0].shape
        x = (case.inputs[0].reshape(*shape[:2], -1) * gains).reshape(shape)
        low, high = gains.min(), gains.max()
        sentence = f"each input channel has a factor of its own, {low:.3g} to {high:.3g}"
        yield Prediction(sentence, linear_output(case, x=x), gains.size)


INPUT_CHANNEL_SCALE = Hypothesis("input_channel_scale", ("linear",), _predict, rank=55)
