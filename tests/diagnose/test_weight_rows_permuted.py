"""Output channels in another order, with and without the bias."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, altered, cause_of

Q, LOGITS = "layers.1.q", "logits"
TO_PAIRS = np.arange(64).reshape(4, 2, 8).swapaxes(1, 2).ravel()
HEADS = np.arange(64).reshape(4, 16)[[1, 0, 3, 2]].ravel()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("order", "words"),
    [
        (TO_PAIRS, "first and second half interleaved (halves read as pairs) within each head"),
        (np.argsort(TO_PAIRS), "even ones first, then odd ones (interleaved pairs read as halves) within each head"),
        (HEADS, "in another order of heads (head 0 is head 1, head 1 is head 0, head 2 is head 3, head 3 is head 2)"),
        (np.roll(np.arange(64), -5), "shifted by 5"),
        (np.arange(64)[::-1], "in reverse"),
        (np.random.default_rng(3).permutation(64), "permuted"),
    ],
)
def test_the_order_is_named(order: np.ndarray, words: str, dtype: str) -> None:
    whole = cause_of(Q, altered(Q, lambda weight, bias: (weight[order], bias[order])), dtype=dtype)
    assert whole.hypothesis == "weight_rows_permuted"
    assert f"the output channels are {words}" in whole.sentence
    rows = cause_of(Q, altered(Q, lambda weight, bias: (weight[order], bias)), dtype=dtype)
    assert rows.hypothesis == "weight_rows_permuted"
    assert f"the rows of the weights are {words}" in rows.sentence
    assert rows.sentence.endswith("the bias is not")


@pytest.mark.parametrize("shift", [1, -7])
def test_a_shifted_vocabulary_is_named(shift: int) -> None:
    cause = cause_of(LOGITS, altered(LOGITS, lambda weight, bias: (np.roll(weight, -shift, axis=0), bias)))
    assert (cause.hypothesis, cause.sentence) == ("weight_rows_permuted", f"the output channels are shifted by {shift}")
