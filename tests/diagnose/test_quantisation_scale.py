"""Scales of quantised weights that are not applied, or twice."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, altered, cause_of

GATE = "layers.1.gate"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("bits", "divisor"), [(8, 127), (4, 7)])
@pytest.mark.parametrize(("power", "words"), [(0, "not applied"), (2, "applied twice")])
def test_scale_and_mistake_are_named(bits: int, divisor: int, power: int, words: str, dtype: str) -> None:
    def change(weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scale = np.abs(weight).max(axis=1, keepdims=True) / divisor
        return np.rint(weight / scale) * scale**power, bias

    cause = cause_of(GATE, altered(GATE, change), dtype=dtype)
    assert cause.hypothesis == "quantisation_scale"
    assert cause.sentence == f"the int{bits} weights' scale (largest value / {divisor}) is {words}"
