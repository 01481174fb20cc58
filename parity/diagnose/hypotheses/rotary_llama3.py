"""RoPE scaled as in Llama 3.1 (Grattafiori et al. 2024, arXiv 2407.21783)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess, least_squares, round_numbers
from parity.diagnose.frequencies import plain_base, plain_frequencies
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotary_ramp import Ramp, best_ramp, ramp_through
from parity.diagnose.rotation import Rotation, Turning, frequency_guesses, rotary_predictions, rotation_of
from parity.replay.arrays import Floats

__all__ = ["ROTARY_LLAMA3"]

_FEWEST_PAIRS = 4
_ENDS_PER_PAIR = 4
_MOST_ENDS = 96
_ROUNDS = 3


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Wavelengths below L/high keep their frequency, those above L/low are divided by s, those between are mixed.

    The mix is linear in the frequency: with smooth = (L/wavelength - low)/(high - low), ω' = ω·(smooth + (1 -
    smooth)/s). Only L/low and L/high can be told from outside.
    """
    rotation = rotation_of(case)
    if rotation.pairs < _FEWEST_PAIRS or rotation.fit.distinct_positions == 0:
        return ()
    return rotary_predictions(case, _guesses(rotation))


def _guesses(rotation: Rotation) -> Iterator[Guess[Turning]]:
    plain = plain_frequencies(plain_base(rotation.frequencies), rotation.pairs)
    edges = -np.geomspace(plain[0], plain[-1], min(_MOST_ENDS, _ENDS_PER_PAIR * rotation.pairs))
    coarse = best_ramp(rotation.fit, plain, -plain, (edges, edges))  # a coordinate that increases with the pair
    if coarse is None:
        return
    ramp, left = _refined(rotation, plain, coarse)
    for _ in range(_ROUNDS):  # a better factor gives better ends, and the other way round
        through = ramp_through(rotation.fit, plain, -plain, ramp.factor)
        if through is not None and through.stop < 0:
            ramp, left = min((ramp, left), _refined(rotation, plain, through), key=lambda refined: refined[1])
    kept, divided = 2 * np.pi / -ramp.start, 2 * np.pi / -ramp.stop
    for ends in ((float(f"{kept:.4g}"), float(f"{divided:.4g}")), (kept, divided)):
        for factor, fitted in round_numbers(ramp.factor, digits=2):
            rounded = Ramp(-2 * np.pi / ends[0], -2 * np.pi / ends[1], factor)
            sentence = (
                f"llama3 RoPE scaling with factor {factor:.4g}: wavelengths below {ends[0]:.5g} tokens are kept, above "
                f"{ends[1]:.5g} their frequency is divided"
            )
            frequencies = plain * rounded.mix(-plain, factor)
            yield from frequency_guesses(
                rotation, sentence, frequencies, fitted=2 + fitted, scales=((", not scaled", 1.0),)
            )


def _refined(rotation: Rotation, plain: Floats, ramp: Ramp) -> tuple[Ramp, float]:
    """A ramp near `ramp` that fits the frequencies better, with what it leaves."""

    def of(theta: Floats) -> Ramp:
        start, stop, factor = -np.exp(theta[0]), -np.exp(theta[1]), np.exp(theta[2])
        return Ramp(float(start), float(max(start, stop)), float(factor))

    def model(theta: Floats) -> Floats:
        found = of(theta)
        return plain * found.mix(-plain, found.factor)

    start = [np.log(-ramp.start), np.log(-ramp.stop), np.log(ramp.factor)]
    low, high = (-40.0, -40.0, 0.0), (5.0, 5.0, 20.0)
    fit = rotation.fit
    theta, left = least_squares(model, start, target=fit.values, weights=fit.information, low=low, high=high)
    return of(theta), left


ROTARY_LLAMA3 = Hypothesis("rotary_llama3", ("rotary",), _predict, rank=2)
