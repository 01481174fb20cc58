"""Planting a softmax over heads or queries."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import Bools, attending
from numpy_decoder import Fault
from planting import DTYPES, cause_of

from parity.replay.arrays import Floats

CONTEXT = "layers.1.attn_ctx"


def over(axis: int, *, with_padding: bool = True) -> Fault:
    def weights(scores: Floats, seen: Bools) -> Floats:
        powers = np.exp(scores)
        counted = powers if axis == 1 else np.where(seen, powers, 0.0)
        if not with_padding:
            counted = counted * seen[:, :, -1, :, None]  # what the last query sees is real
        return np.where(seen, powers / np.maximum(counted.sum(axis=axis, keepdims=True), 1e-300), 0.0)

    return attending(weights=weights)


@pytest.mark.parametrize("dtype", DTYPES)
def test_heads_are_named(dtype: str) -> None:
    cause = cause_of(CONTEXT, over(1), dtype=dtype)
    assert cause.hypothesis == "softmax_axis"
    assert "over heads" in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("with_padding", [False, True])
def test_queries_are_named(with_padding: bool, dtype: str) -> None:
    cause = cause_of(CONTEXT, over(2, with_padding=with_padding), dtype=dtype)
    assert cause.hypothesis == "softmax_axis"
    assert "over queries" in cause.sentence
    assert ("padding" in cause.sentence) == with_padding
