"""Planting another scale in each head."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import attending
from planting import DTYPES, cause_of, number_in

CONTEXT = "layers.1.attn_ctx"


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_factors_are_solved(dtype: str) -> None:
    factors = np.array([0.6, 1.0, 1.3, 1.7])[:, None, None]
    cause = cause_of(CONTEXT, attending(scores=lambda parts: factors * parts.scores), dtype=dtype)
    assert cause.hypothesis == "attention_scale_per_head"
    assert number_in(r"(\S+) in head 0", cause.sentence) == pytest.approx(0.6, rel=0.01)
    assert number_in(r"(\S+) in head 3", cause.sentence) == pytest.approx(1.7, rel=0.01)
