"""Factors on the input channels."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, weight_and_bias

from parity.replay.arrays import Floats
from parity.replay.ops import linear
from parity.replay.replay import Reference

DOWN = "layers.1.mlp_out"


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_smoothing_scale_on_one_side_only_is_described(dtype: str) -> None:
    factors = np.random.default_rng(0).uniform(0.3, 3, 96)

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return linear(inputs[0] * factors, weight_and_bias(reference, DOWN)[0])

    cause = cause_of(DOWN, fault, dtype=dtype)
    assert cause.hypothesis == "input_channel_scale"
    assert cause.fitted == 96
