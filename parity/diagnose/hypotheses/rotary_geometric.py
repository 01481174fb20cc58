"""RoPE whose frequencies start elsewhere: an index that counts from 1, or any other geometric sequence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess, least_squares, round_numbers
from parity.diagnose.frequencies import plain_base, plain_frequencies
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotary_families import fit_base
from parity.diagnose.rotation import Rotation, Turning, frequency_guesses, rotary_predictions, rotation_of
from parity.replay.arrays import Floats

__all__ = ["ROTARY_GEOMETRIC"]

_FEWEST_PAIRS = 4


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """ω_i = a·b^(-2i/d); with b the reference's base, a says where the index starts."""
    rotation = rotation_of(case)
    if rotation.pairs < _FEWEST_PAIRS or rotation.fit.distinct_positions == 0:
        return ()
    return rotary_predictions(case, (*_shifted(rotation), *_free(rotation)))


def _shifted(rotation: Rotation) -> Iterator[Guess[Turning]]:
    """The index i replaced by i + δ."""
    fit, base = rotation.fit, plain_base(rotation.frequencies)
    plain = plain_frequencies(base, rotation.pairs)
    start = float(fit.information * plain @ fit.values) / max(float(fit.information * plain @ plain), 1e-300)
    if start <= 0 or base <= 1:
        return
    for shift, fitted in round_numbers(-np.log(start) / np.log(base) * rotation.pairs):
        sentence = f"RoPE's frequencies start at index {shift:.4g} instead of 0"
        yield from frequency_guesses(rotation, sentence, plain * base ** (-shift / rotation.pairs), fitted=fitted)


def _free(rotation: Rotation) -> Iterator[Guess[Turning]]:
    """Both a and b fitted."""
    fit, share = rotation.fit, np.arange(rotation.pairs) / rotation.pairs

    def model(theta: Floats) -> Floats:
        values: Floats = np.exp(theta[0] - theta[1] * share)
        return values

    start = [np.log(max(fit.values[0], 1e-6)), np.log(fit_base(fit, rotation.frequencies))]
    low, high = (-40.0, -5.0), (5.0, 99.0)
    theta, _ = least_squares(model, start, target=fit.values, weights=fit.information, low=low, high=high)
    sentence = f"RoPE's frequencies are {np.exp(theta[0]):.4g}·{np.exp(theta[1]):.6g}^(-2i/d)"
    yield from frequency_guesses(rotation, sentence, model(theta), fitted=2)


ROTARY_GEOMETRIC = Hypothesis("rotary_geometric", ("rotary",), _predict, rank=4)
