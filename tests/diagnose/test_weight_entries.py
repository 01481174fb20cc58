"""Single entries of the weights that are wrong; their place and value are solved for."""

from __future__ import annotations

import pytest
from planting import DTYPES, altered, cause_of, with_massive_activations

from parity.replay.arrays import Floats

DOWN = "layers.1.mlp_out"


def flipped(weight: Floats, bias: Floats) -> tuple[Floats, Floats]:
    weight = weight.copy()
    weight[5, 7] = 3
    weight[20, 3] = -2
    return weight, bias


@pytest.mark.parametrize("dtype", DTYPES)
def test_place_and_value_are_solved(dtype: str) -> None:
    cause = cause_of(DOWN, altered(DOWN, flipped), dtype=dtype)
    assert cause.hypothesis == "weight_entries"
    assert "[5, 7] is 3" in cause.sentence.replace("2.99", "3").replace("3.00", "3")
    assert "[20, 3] is -" in cause.sentence


def test_large_channels_elsewhere_do_not_hide_them() -> None:
    cause = cause_of(DOWN, altered(DOWN, flipped), reference=with_massive_activations())
    assert cause.hypothesis == "weight_entries"
