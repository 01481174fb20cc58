"""RoPE with linearly scaled positions (position interpolation, Chen et al. 2023, arXiv 2306.15595)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess, round_numbers
from parity.diagnose.frequencies import FrequencyFit
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotation import Rotation, Turning, frequency_guesses, rotary_predictions, rotation_of
from parity.replay.arrays import Floats

__all__ = ["ROTARY_LINEAR_SCALING"]

_RATES = np.geomspace(1e-3, 32, 2000)


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """All frequencies are the reference's, divided by one factor."""
    return rotary_predictions(case, _guesses(rotation_of(case)))


def _guesses(rotation: Rotation) -> Iterator[Guess[Turning]]:
    if rotation.fit.distinct_positions == 0:
        return
    own = rotation.frequencies
    for factor, fitted in round_numbers(1 / _solved_rate(rotation.fit, own)):
        words = f"divided by {factor:.6g}" if factor > 1 else f"multiplied by {1 / factor:.6g}"
        sentence = f"linear RoPE scaling with factor {factor:.6g}: every position is {words}"
        yield from frequency_guesses(rotation, sentence, own / factor, fitted=fitted)


def _solved_rate(fit: FrequencyFit, frequencies: Floats) -> float:
    """The multiple of `frequencies` that fits best: searched, since fast pairs turn by more than they show."""
    costs = [float(fit.information @ (rate * frequencies - fit.beside(rate * frequencies)) ** 2) for rate in _RATES]
    coarse = float(_RATES[int(np.argmin(costs))])
    values = fit.beside(coarse * frequencies)
    solved = float(fit.information * frequencies @ values) / float(fit.information * frequencies @ frequencies)
    return solved if solved > 0 else coarse


ROTARY_LINEAR_SCALING = Hypothesis("rotary_linear_scaling", ("rotary",), _predict, rank=2)
