"""A few entries of the weights that are wrong, as after a flipped bit."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns, input_columns, token_weights
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats, widened

__all__ = ["WEIGHT_ENTRIES"]

_MOST_CHANNELS = 8
_BEYOND_NOISE = 4.0
_TELLING_SHARE = 0.9
_FEWEST_TOKENS = 8


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Where few output channels err, each residual is compared with every input channel."""
    weights = token_weights(case)[:, None]
    residual, x = columns(case, case.residual) * weights, input_columns(case) * weights
    energy = np.square(residual).sum(axis=0)
    wrong = np.flatnonzero(energy > _BEYOND_NOISE**2 * _noise_energy(case))
    count = wrong.size
    if len(x) < _FEWEST_TOKENS or count > min(_MOST_CHANNELS, energy.size // 4):
        return
    sizes, output, words = np.square(x).sum(axis=0), case.predicted.copy(), []
    flat = case.inputs[0].reshape(*case.inputs[0].shape[:2], -1)
    for channel in wrong:
        overlap = residual[:, channel] @ x
        share = np.divide(overlap**2, sizes * energy[channel], out=np.zeros_like(sizes), where=sizes > 0)
        source = int(share.argmax())
        if share[source] < _TELLING_SHARE:
            return
        added = overlap[source] / sizes[source]
        _channel(output, int(channel))[...] += added * flat[..., source]
        words.append(_entry(case, int(channel), source, float(added)))
    yield Prediction(f"wrong entries of the weights: {', '.join(words)}", output, 2 * count)


def _noise_energy(case: SourceCase) -> Floats:
    """What noise adds up to in each channel, in units of the tokens' noise: in proportion to the values, or evenly."""
    predicted = np.square(columns(case, case.predicted))
    whole = predicted.sum(axis=1, keepdims=True)
    shares = np.divide(predicted, whole, out=np.zeros_like(predicted), where=whole > 0)
    energy: Floats = np.maximum(shares.sum(axis=0), len(shares) / shares.shape[1])
    return energy


def _channel(output: Floats, channel: int) -> Floats:
    """A view of one output channel at all tokens."""
    view: Floats = output.reshape(*output.shape[:2], -1)[..., channel]
    return view


def _entry(case: SourceCase, channel: int, source: int, added: float) -> str:
    weight = case.parameters.weight
    assert weight is not None
    stored = float(widened(weight[channel, source : source + 1])[0])
    return f"[{channel}, {source}] is {stored + added:.4g} instead of {stored:.4g}"


WEIGHT_ENTRIES = Hypothesis("weight_entries", ("linear",), _predict, rank=5)
