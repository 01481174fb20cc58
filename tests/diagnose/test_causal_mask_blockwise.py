"""Planting a mask that works on blocks."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import Bools, Parts, attending
from planting import DTYPES, cause_of

CONTEXT = "layers.1.attn_ctx"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [8, 5])
def test_the_size_is_solved(size: int, dtype: str) -> None:
    def seen(parts: Parts) -> Bools:
        token = np.arange(parts.real.shape[1])
        return (token < (token[:, None] // size + 1) * size) & parts.real[:, None, None]

    cause = cause_of(CONTEXT, attending(seen=seen), dtype=dtype)
    assert cause.hypothesis == "causal_mask_blockwise"
    assert f"blocks of {size}:" in cause.sentence
