"""Planting masks that are not minus infinity."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import Bools, attending, softmax
from planting import DTYPES, cause_of, number_in

from parity.replay.arrays import Floats

CONTEXT = "layers.1.attn_ctx"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("value", [6.5, 2.0])
def test_the_value_is_solved(value: float, dtype: str) -> None:
    def weights(scores: Floats, seen: Bools) -> Floats:
        return softmax(scores - value * ~seen, np.ones_like(seen))

    cause = cause_of(CONTEXT, attending(weights=weights), dtype=dtype)
    assert cause.hypothesis == "mask_value"
    assert number_in(r"by (\S+) only", cause.sentence) == pytest.approx(value, rel=0.02)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_mask_that_multiplies_is_named(dtype: str) -> None:
    fault = attending(weights=lambda scores, seen: softmax(scores * seen, np.ones_like(seen)))
    cause = cause_of(CONTEXT, fault, dtype=dtype)
    assert cause.hypothesis == "mask_value"
    assert "multiplies scores" in cause.sentence
