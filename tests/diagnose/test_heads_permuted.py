"""Planting heads in another order, and outputs cut out of another layout."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of, changed_output

CONTEXT = "layers.1.attn_ctx"


ORDERS = {
    "in reverse": [3, 2, 1, 0],
    "heads are shifted by 1": [1, 2, 3, 0],
    "group by group": [0, 2, 1, 3],
    "output head 0 is 1, 1 is 0": [1, 0, 2, 3],
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("words", ORDERS)
def test_the_order_is_solved(words: str, dtype: str) -> None:
    cause = cause_of(CONTEXT, changed_output(CONTEXT, lambda y: y[:, :, ORDERS[words]]), dtype=dtype)
    assert cause.hypothesis == "heads_permuted"
    assert words in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_missing_transposition_is_named(dtype: str) -> None:
    fault = changed_output(CONTEXT, lambda y: y.transpose(0, 2, 1, 3).reshape(y.shape))
    cause = cause_of(CONTEXT, fault, dtype=dtype)
    assert cause.hypothesis == "heads_permuted"
    assert "[head, token, channel] is read as [token, head, channel]" in cause.sentence
