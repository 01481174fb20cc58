"""Planting a key that no query sees."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import Bools, Parts, attending
from planting import DTYPES, cause_of

CONTEXT = "layers.1.attn_ctx"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("key", "words"), [(0, "the first token"), (5, "token 5")])
@pytest.mark.parametrize("by_itself", [False, True])
def test_the_key_is_solved(key: int, words: str, by_itself: bool, dtype: str) -> None:
    def seen(parts: Parts) -> Bools:
        token = np.arange(parts.real.shape[1])
        return parts.seen & ((token != key) | ((token[:, None] == key) & by_itself))

    cause = cause_of(CONTEXT, attending(seen=seen), dtype=dtype)
    assert cause.hypothesis == "key_unseen"
    assert words in cause.sentence
    assert cause.sentence.endswith("by later ones" if by_itself else "not even by itself")
