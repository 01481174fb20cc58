"""Residuals that are not added."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tap", ["layers.0.resid_mid", "layers.1.resid_out"])
def test_it_is_named(tap: str, dtype: str) -> None:
    cause = cause_of(tap, lambda reference, inputs: inputs[1], dtype=dtype)
    assert cause.hypothesis == "residual_missing"
    assert cause.fitted == 0
