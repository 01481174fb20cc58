"""The reference's RoPE scaling left out."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess, plainly
from parity.diagnose.frequencies import plain_base, plain_frequencies
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotation import rotary_predictions, rotation_of, turning

__all__ = ["ROTARY_SCALING_IGNORED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The reference's frequencies are no geometric sequence from 1, or it scales cos and sin; the candidate's are."""
    rotation = rotation_of(case)
    base = plain_base(rotation.frequencies)
    if not np.isfinite(base):
        return ()
    plain = plain_frequencies(base, rotation.pairs)
    if np.allclose(plain, rotation.frequencies, rtol=1e-5, atol=0):
        return ()
    sentence = f"the reference's RoPE scaling is ignored: plain frequencies of base {plainly(base)}"
    return rotary_predictions(
        case,
        [
            Guess(sentence, turning(rotation.fit.nearest(plain))),
            Guess(
                f"{sentence}, yet cos and sin are scaled", turning(rotation.fit.nearest(plain), scale=rotation.scale)
            ),
        ],
    )


ROTARY_SCALING_IGNORED = Hypothesis("rotary_scaling_ignored", ("rotary",), _predict, rank=1)
