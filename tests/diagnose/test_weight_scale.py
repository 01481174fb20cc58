"""Factors on the weights that the bias does not have."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, altered, cause_of, number_in

Q = "layers.1.q"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("factor", [0.5, 1.1, 11.3])
def test_one_factor_is_solved(factor: float, dtype: str) -> None:
    cause = cause_of(Q, altered(Q, lambda weight, bias: (factor * weight, bias)), dtype=dtype)
    assert cause.hypothesis == "weight_scale"
    assert number_in(r"multiplied by (\S+),", cause.sentence) == pytest.approx(factor, rel=1e-3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_factor_for_each_row_is_solved(dtype: str) -> None:
    factors = np.random.default_rng(1).uniform(0.5, 2, (64, 1))
    cause = cause_of(Q, altered(Q, lambda weight, bias: (factors * weight, bias)), dtype=dtype)
    assert cause.hypothesis == "weight_scale"
    assert f"{factors.min():.2g}" in cause.sentence
