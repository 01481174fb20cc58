"""RoPE with a wrong dimension in the exponent of its frequencies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.frequencies import plain_base, plain_frequencies
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotation import Rotation, Turning, rotary_predictions, rotation_of, turning
from parity.taps import DecoderShape

__all__ = ["ROTARY_EXPONENT"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """base^(-2i/r) with another r than head_dim, which is base^(d/r) as a base."""
    rotation = rotation_of(case)
    if not np.isfinite(plain_base(rotation.frequencies)):
        return ()
    return rotary_predictions(case, _guesses(rotation, case.settings.shape))


def _guesses(rotation: Rotation, shape: DecoderShape) -> Iterator[Guess[Turning]]:
    base, own = plain_base(rotation.frequencies), rotation.channels
    for name, dimension in (
        ("twice head_dim: the factor 2 of -2i/d is missing", 2 * own),
        ("half of head_dim: the factor 2 of -2i/d is there twice", own // 2),
        ("hidden/heads instead of head_dim", shape.hidden // shape.heads),
        ("hidden instead of head_dim", shape.hidden),
        ("head_dim - 2 instead of head_dim", own - 2),
    ):
        if dimension not in (0, own):
            frequencies = plain_frequencies(base ** (own / dimension), rotation.pairs)
            sentence = f"RoPE's frequencies have {dimension} in the exponent, {name}"
            yield Guess(sentence, turning(rotation.fit.nearest(frequencies), scale=rotation.scale))


ROTARY_EXPONENT = Hypothesis("rotary_exponent", ("rotary",), _predict, rank=2)
