"""Planting chunks that ignore what came before."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import Bools, Parts, attending
from planting import DTYPES, cause_of

CONTEXT = "layers.1.attn_ctx"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [16, 9])
def test_the_size_of_chunks_is_solved(size: int, dtype: str) -> None:
    def seen(parts: Parts) -> Bools:
        token = np.arange(parts.real.shape[1])
        return parts.seen & (token >= token[:, None] // size * size)

    cause = cause_of(CONTEXT, attending(seen=seen), dtype=dtype)
    assert cause.hypothesis == "attention_chunked"
    assert f"each chunk of {size} sees only itself" in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("start", [13, 40])
def test_a_single_border_is_solved(start: int, dtype: str) -> None:
    def seen(parts: Parts) -> Bools:
        token = np.arange(parts.real.shape[1])
        return parts.seen & ((token[:, None] < start) | (token >= start))

    cause = cause_of(CONTEXT, attending(seen=seen), dtype=dtype)
    assert cause.hypothesis == "attention_chunked"
    assert f"tokens from {start} on don't see those before" in cause.sentence
