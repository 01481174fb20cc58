"""Planting capped scores."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import attending
from planting import DTYPES, cause_of, number_in

CONTEXT = "layers.1.attn_ctx"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("cap", [2.0, 5.37])
def test_a_soft_cap_is_solved(cap: float, dtype: str) -> None:
    cause = cause_of(CONTEXT, attending(scores=lambda parts: cap * np.tanh(parts.scores / cap)), dtype=dtype)
    assert cause.hypothesis == "score_cap"
    assert number_in(r"soft-capped at (\S+)", cause.sentence) == pytest.approx(cap, rel=0.02)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_hard_cap_is_solved(dtype: str) -> None:
    cause = cause_of(CONTEXT, attending(scores=lambda parts: np.clip(parts.scores, -1.5, 1.5)), dtype=dtype)
    assert cause.hypothesis == "score_cap"
    assert "clipped at ±1.5" in cause.sentence
