"""Biases whose entries stand at other channels."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, altered, cause_of

Q = "layers.1.q"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shift", [1, -3, 16])
def test_a_shift_is_solved(shift: int, dtype: str) -> None:
    cause = cause_of(Q, altered(Q, lambda weight, bias: (weight, np.roll(bias, shift))), dtype=dtype)
    assert cause.hypothesis == "bias_permuted"
    assert f"shifted by {-shift}" in cause.sentence


def test_the_interleaved_layout_is_named() -> None:
    order = np.arange(64).reshape(4, 2, 8).swapaxes(1, 2).ravel()
    cause = cause_of(Q, altered(Q, lambda weight, bias: (weight, bias[order])))
    assert cause.hypothesis == "bias_permuted"
    assert "first and second half interleaved" in cause.sentence
    assert "within each head" in cause.sentence


def test_any_order_is_found() -> None:
    order = np.random.default_rng(0).permutation(64)
    cause = cause_of(Q, altered(Q, lambda weight, bias: (weight, bias[order])))
    assert cause.hypothesis == "bias_permuted"
    assert f"permuted ({int((order != np.arange(64)).sum())} of 64 are elsewhere)" in cause.sentence
