"""RoPE scaled by YaRN (Peng et al. 2023, arXiv 2309.00071)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess, round_numbers
from parity.diagnose.frequencies import plain_base, plain_frequencies
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotary_ramp import Ramp, best_ramp
from parity.diagnose.rotation import Rotation, Turning, frequency_guesses, rotary_predictions, rotation_of

__all__ = ["ROTARY_YARN"]

_FEWEST_PAIRS = 4
_USUAL_LENGTHS = tuple(1024 * 2**power for power in range(9))
_BETA_FAST, _BETA_SLOW = 32.0, 1.0


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Pairs before `low` keep their frequency, those after `high` are divided by s, those between are mixed.

    ω' = ω·(1 - ramp) + ω/s·ramp, ramp = clip((i - low)/(high - low), 0, 1), and cos and sin times 0.1 ln(s) + 1.
    """
    rotation = rotation_of(case)
    if rotation.pairs < _FEWEST_PAIRS or rotation.fit.distinct_positions == 0:
        return ()
    return rotary_predictions(case, _guesses(rotation))


def _guesses(rotation: Rotation) -> Iterator[Guess[Turning]]:
    base = plain_base(rotation.frequencies)
    plain, index = plain_frequencies(base, rotation.pairs), np.arange(rotation.pairs, dtype=np.float64)
    ramp = best_ramp(rotation.fit, plain, index, (index, index))
    if ramp is None:
        return
    for factor, fitted in round_numbers(ramp.factor, digits=2):
        sentence = _sentence(ramp, factor, base=base, channels=rotation.channels)
        mscale = 0.1 * np.log(factor) + 1 if factor > 1 else 1.0
        scales = ((f", cos and sin times {mscale:.4g}", mscale), (", cos and sin not scaled", 1.0))
        frequencies = plain * ramp.mix(index, factor)
        yield from frequency_guesses(rotation, sentence, frequencies, fitted=2 + fitted, scales=scales)


def _sentence(ramp: Ramp, factor: float, *, base: float, channels: int) -> str:
    words = (
        f"YaRN with factor {factor:.4g}: pairs up to {ramp.start:.0f} keep their frequency, from {ramp.stop:.0f} on "
    )
    words += f"it is divided by {factor:.4g}"
    for length in _USUAL_LENGTHS:
        if (ramp.start, ramp.stop) == _usual_ramp(length, base, channels):
            words += f" (β {_BETA_FAST:.0f} and {_BETA_SLOW:.0f} of an original length of {length} give that)"
    return words


def _usual_ramp(length: int, base: float, channels: int) -> tuple[float, float]:
    def pair(beta: float) -> float:
        return float(channels * np.log(length / (beta * 2 * np.pi)) / (2 * np.log(base)))

    return max(np.floor(pair(_BETA_FAST)), 0.0), min(np.ceil(pair(_BETA_SLOW)), channels - 1.0)


ROTARY_YARN = Hypothesis("rotary_yarn", ("rotary",), _predict, rank=2)
