"""Clamped gates; the limit is solved for."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, number_in

from parity.replay.ops import silu

ACT = "layers.1.act"
CLAMPS = {
    "gate is limited to at most": lambda g, u, c: silu(np.minimum(g, c)) * u,
    "up is limited in size to": lambda g, u, c: silu(g) * np.clip(u, -c, c),
    "gate (from above) and up (in size) are limited to": lambda g, u, c: silu(np.minimum(g, c)) * np.clip(u, -c, c),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("words", CLAMPS)
@pytest.mark.parametrize("limit", [0.7, 1.13])
def test_place_and_limit_are_solved(words: str, limit: float, dtype: str) -> None:
    cause = cause_of(ACT, lambda reference, inputs: CLAMPS[words](inputs[0], inputs[1], limit), dtype=dtype)
    assert cause.hypothesis == "activation_clamped"
    assert cause.sentence.startswith(words)
    assert number_in(r" (\S+)$", cause.sentence) == pytest.approx(limit, rel=0.01)
