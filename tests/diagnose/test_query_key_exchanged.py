"""Planting q and k in each other's place."""

from __future__ import annotations

import pytest
from attention_faults import attending
from planting import DTYPES, cause_of

CONTEXT = "layers.1.attn_ctx"


@pytest.mark.parametrize("dtype", DTYPES)
def test_it_is_named(dtype: str) -> None:
    cause = cause_of(CONTEXT, attending(scores=lambda parts: parts.scores.swapaxes(2, 3)), dtype=dtype)
    assert cause.hypothesis == "query_key_exchanged"
