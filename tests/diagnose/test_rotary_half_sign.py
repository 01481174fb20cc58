"""Planting a rotate_half with wrong signs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import Fault
from planting import DTYPES, cause_of

from parity.replay import Reference
from parity.replay.arrays import Floats


def with_signs(upper: float, lower: float) -> Fault:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        omega = reference.weights.settings.inverse_frequencies.astype(np.float64)
        angles = (reference.tokens.positions[..., None] * omega)[:, :, None]
        first, second = np.split(inputs[0], 2, axis=-1)
        cos, sin = np.cos(angles), np.sin(angles)
        return np.concatenate([first * cos + upper * second * sin, second * cos + lower * first * sin], axis=-1)

    return fault


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("signs", "words"), [((1, 1), "lacks its minus sign"), ((-1, -1), "two minus signs")])
def test_it_is_named(signs: tuple[int, int], words: str, dtype: str) -> None:
    cause = cause_of("layers.1.q_rope", with_signs(*signs), dtype=dtype)
    assert cause.hypothesis == "rotary_half_sign"
    assert words in cause.sentence
