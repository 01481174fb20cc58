"""RoPE with another base, solved from the angles by which the candidate turned each pair."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotation import fitted_frequencies
from parity.replay.ops import rotary

__all__ = ["ROTARY_BASE"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """With inverse frequencies base^(-2i/d), log(frequency) is linear in i and the slope gives the base."""
    frequencies = fitted_frequencies(case)
    pairs = np.arange(frequencies.size)
    usable = (pairs > 0) & (frequencies > 0)
    if usable.sum() < 2:
        return
    exponents = -2 * pairs[usable] / (2 * frequencies.size)
    base = float(np.exp(np.median(np.log(frequencies[usable]) / exponents)))
    rounded = float(f"{base:.3g}")
    for value in {base, rounded}:
        inverse = value ** (-2 * pairs / (2 * frequencies.size))
        output = rotary(case.inputs[0], case.reference.tokens.positions, inverse, scale=case.settings.rotary_scale)
        yield Prediction(f"RoPE base {value:.6g} instead of {_stored_base(case):.6g}", output, fitted=1)


def _stored_base(case: SourceCase) -> float:
    inverse = case.settings.inverse_frequencies.astype(np.float64)
    return float(inverse[1] ** (-inverse.size))


ROTARY_BASE = Hypothesis("rotary_base", ("rotary",), _predict, rank=2)
