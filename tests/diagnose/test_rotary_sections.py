"""Planting bands of pairs that turn with the frequency of others, or not at all."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, qwen3
from rotary_faults import turned

from parity.replay.arrays import Floats


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_band_that_is_not_rotated_is_named(dtype: str) -> None:
    def still(omega: Floats) -> Floats:
        return np.where((np.arange(omega.size) >= 2) & (np.arange(omega.size) < 5), 0.0, omega)

    cause = cause_of("layers.1.q_rope", turned(frequencies=still), dtype=dtype, reference=qwen3())
    assert cause.hypothesis == "rotary_sections"
    assert "pairs 2 to 4 are not rotated" in cause.sentence or dtype != "float32"


def test_exchanged_bands_are_named() -> None:
    order = np.array([0, 1, 4, 5, 2, 3, *range(6, 16)])
    cause = cause_of("layers.1.k_rope", turned(frequencies=lambda omega: omega[order]), reference=qwen3())
    assert cause.hypothesis == "rotary_sections"
    assert "pairs 2 to 3 turn as pairs from 4 on should; pairs 4 to 5 turn as pairs from 2 on should" in cause.sentence
