"""Planting a bias that grows with distance."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import attending, distances
from planting import DTYPES, cause_of, number_in

CONTEXT = "layers.1.attn_ctx"


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_slopes_of_alibi_are_recognised(dtype: str) -> None:
    slopes = 2.0 ** (-8 * np.arange(1, 5) / 4)[:, None, None]
    cause = cause_of(CONTEXT, attending(scores=lambda parts: parts.scores - slopes * distances(parts)), dtype=dtype)
    assert cause.hypothesis == "score_bias"
    assert "ALiBi" in cause.sentence
    assert cause.fitted == 0


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("slope", [0.05, -0.02])
def test_a_common_slope_is_solved(slope: float, dtype: str) -> None:
    cause = cause_of(CONTEXT, attending(scores=lambda parts: parts.scores - slope * distances(parts)), dtype=dtype)
    assert cause.hypothesis == "score_bias"
    assert number_in(r"fall by (\S+) with", cause.sentence) == pytest.approx(slope, rel=0.05)


def test_a_slope_for_each_head_is_solved() -> None:
    slopes = np.array([0.013, 0.1, 0.2, 0.31])[:, None, None]
    cause = cause_of(CONTEXT, attending(scores=lambda parts: parts.scores - slopes * distances(parts)))
    assert cause.hypothesis == "score_bias"
    assert "by 0.013 to 0.31 a token" in cause.sentence
