"""Factors on tokens."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, changed_output


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tap", ["layers.1.mlp_out", "layers.1.resid_mid"])
def test_it_is_described(tap: str, dtype: str) -> None:
    factors = np.random.default_rng(0).uniform(0.5, 2, (2, 48, 1))
    cause = cause_of(tap, changed_output(tap, lambda y: y * factors), dtype=dtype)
    assert cause.hypothesis == "token_scale"
    assert cause.fitted == 68
