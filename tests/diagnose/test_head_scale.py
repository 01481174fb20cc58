"""Factors on heads."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, changed_output, number_in


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tap", ["layers.1.q", "layers.0.attn_ctx"])
def test_the_factors_are_solved(tap: str, dtype: str) -> None:
    factors = np.array([1, 0.5, 1.25, 3])[:, None]
    cause = cause_of(tap, changed_output(tap, lambda y: y * factors), dtype=dtype)
    assert cause.hypothesis == "head_scale"
    for head in (1, 2, 3):
        assert number_in(rf"head {head}: ([\d.]+)", cause.sentence) == pytest.approx(factors[head, 0], rel=1e-3)
