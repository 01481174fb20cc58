"""Planting a missing bias."""

from __future__ import annotations

import pytest
from numpy_decoder import make_case, make_reference

from parity.diagnose import HYPOTHESES, explain
from parity.replay.arrays import Floats
from parity.replay.ops import linear
from parity.replay.replay import Reference


def without_bias(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    weight = reference.weights.parameters("layers.1.k").weight
    assert weight is not None
    return linear(inputs[0], weight)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_a_missing_bias_is_named(dtype: str) -> None:
    cause = explain(make_case(make_reference(), "layers.1.k", without_bias, dtype=dtype), HYPOTHESES)[0]
    assert cause.hypothesis == "bias_missing"
    assert cause.explained_share > 0.99
    assert cause.noise_ratio is not None
    assert cause.noise_ratio < 2
