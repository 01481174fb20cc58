"""Planting a causal mask that is off by some keys."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import Bools, Parts, attending, distances, softmax
from planting import DTYPES, cause_of

from parity.replay.arrays import Floats

CONTEXT = "layers.1.attn_ctx"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("shift", "words"),
    [
        (1, "tokens see the next token"),
        (3, "the 3 tokens that follow"),
        (-1, "don't see themselves"),
        (-2, "nor the 1 before"),
    ],
)
def test_the_shift_is_solved(shift: int, words: str, dtype: str) -> None:
    cause = cause_of(CONTEXT, attending(seen=lambda parts: shifted(parts, shift)), dtype=dtype)
    assert cause.hypothesis == "causal_mask_shifted"
    assert words in cause.sentence
    assert f"off by {abs(shift)}" in cause.sentence


@pytest.mark.parametrize("everything", [False, True])
def test_a_query_that_sees_nothing_may_take_the_mean(everything: bool) -> None:
    def weights(scores: Floats, seen: Bools) -> Floats:
        allowed = np.ones_like(seen) if everything else seen[:, :, -1:] | (seen.any(axis=2, keepdims=True))
        return softmax(np.where(seen, scores, -1e30), allowed)

    cause = cause_of(CONTEXT, attending(seen=lambda parts: shifted(parts, -1), weights=weights))
    assert cause.hypothesis == "causal_mask_shifted"
    assert cause.sentence.endswith("the mean over the batch row" if everything else "the mean over their prompt")


def shifted(parts: Parts, shift: int) -> Bools:
    return (distances(parts) >= -shift) & parts.real[:, None, None]
