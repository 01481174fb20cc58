"""Planting scores that become infinite."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import Bools, Parts, attending, softmax, with_large_keys
from numpy_decoder import make_case
from planting import number_in, qwen2

from parity.diagnose import HYPOTHESES, explain
from parity.replay.arrays import Floats

CONTEXT = "layers.1.attn_ctx"


def overflowing(limit: float) -> object:
    def scores(parts: Parts) -> Floats:
        products = parts.scores / parts.scale
        return np.where(products > limit, np.inf, parts.scores)

    def weights(scores: Floats, seen: Bools) -> Floats:
        with np.errstate(invalid="ignore"):
            return np.where((np.isinf(scores) & seen).any(axis=-1, keepdims=True), np.nan, softmax(scores, seen))

    return attending(scores=scores, weights=weights)


@pytest.mark.parametrize(
    ("factor", "limit", "words"), [(1.0, 12.0, "after a factor"), (2e4, 65504.0, "largest number")]
)
def test_rows_with_an_infinity_are_named_with_the_limit(factor: float, limit: float, words: str) -> None:
    reference = with_large_keys(qwen2(), factor)
    causes = explain(make_case(reference, CONTEXT, overflowing(limit)), HYPOTHESES)  # type: ignore[arg-type]
    assert causes[0].hypothesis == "scores_overflowed"
    assert causes[0].explained_share == 1
    assert number_in(r"beyond ([\d.e+]+),", causes[0].sentence) == pytest.approx(limit, rel=0.1)
    assert words in causes[0].sentence
