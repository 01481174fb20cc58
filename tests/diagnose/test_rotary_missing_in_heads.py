"""Heads that the rotation leaves out."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of

from parity.replay.arrays import Floats
from parity.replay.ops import rotary
from parity.replay.replay import Reference


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("heads", "words"), [([0], "head 0 of 4 of q is not"), ([1, 3], "heads 1, 3 of 4 of q are")])
def test_they_are_listed(heads: list[int], words: str, dtype: str) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        frequencies = reference.weights.settings.inverse_frequencies
        turned = rotary(inputs[0], reference.tokens.positions, frequencies)
        chosen = np.isin(np.arange(turned.shape[2]), heads)[:, None]
        return np.where(chosen, inputs[0], turned)

    cause = cause_of("layers.1.q_rope", fault, dtype=dtype)
    assert cause.hypothesis == "rotary_missing_in_heads"
    assert words in cause.sentence
