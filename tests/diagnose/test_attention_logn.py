"""Planting logarithmic scaling inside attention."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import attending
from planting import DTYPES, cause_of, number_in

CONTEXT = "layers.1.attn_ctx"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", [12, 29])
def test_the_length_is_solved(length: int, dtype: str) -> None:
    factors = np.maximum(1, np.log(np.arange(48) + 1) / np.log(length))[:, None]
    cause = cause_of(CONTEXT, attending(scores=lambda parts: factors * parts.scores), dtype=dtype)
    assert cause.hypothesis == "attention_logn"
    assert number_in(r"L = (\d+)", cause.sentence) == pytest.approx(length, abs=2 if dtype == "bfloat16" else 0)
