"""Factors on output channels."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, changed_output, with_massive_activations

DOWN = "layers.1.mlp_out"


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_factor_for_each_channel_is_described(dtype: str) -> None:
    factors = np.random.default_rng(0).uniform(0.5, 2, 64)
    cause = cause_of(DOWN, changed_output(DOWN, lambda y: y * factors), dtype=dtype)
    assert cause.hypothesis == "channel_scale"
    assert cause.fitted == 64


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reference", [None, with_massive_activations()])
def test_runs_of_equal_factors_are_listed(reference, dtype: str) -> None:  # type: ignore[no-untyped-def]
    factors = np.where(np.arange(64) < 16, 1.0, np.where(np.arange(64) < 48, 0.5, 3.0))
    cause = cause_of(DOWN, changed_output(DOWN, lambda y: y * factors), dtype=dtype, reference=reference)
    assert cause.hypothesis == "channel_scale"
    assert cause.fitted == 6
    assert "16–47: 0.5" in cause.sentence
