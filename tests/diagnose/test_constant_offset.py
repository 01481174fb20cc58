"""The same vector at every token."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, changed_output


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tap", ["layers.1.attn_out", "layers.0.resid_out", "layers.1.attn_ctx"])
def test_an_unknown_bias_is_described(tap: str, dtype: str) -> None:
    added = np.random.default_rng(0).normal(0, 1, 64)
    cause = cause_of(tap, changed_output(tap, lambda y: y + added.reshape(y.shape[2:])), dtype=dtype)
    assert cause.hypothesis == "constant_offset"
    assert cause.fitted == 64
