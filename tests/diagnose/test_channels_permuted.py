"""Output channels in another order, without weights to blame."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, changed_output

ACT = "layers.1.act"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("tap", "order", "words"),
    [
        (ACT, np.arange(96)[::-1], "in reverse"),
        (ACT, np.roll(np.arange(96), -7), "shifted by 7"),
        ("layers.1.post_norm", np.arange(64).reshape(2, 32).T.ravel(), "halves read as pairs"),
        ("embed", np.random.default_rng(0).permutation(64), "permuted"),
    ],
)
def test_the_order_is_named(tap: str, order: np.ndarray, words: str, dtype: str) -> None:
    cause = cause_of(tap, changed_output(tap, lambda y: y[..., order]), dtype=dtype)
    assert cause.hypothesis == "channels_permuted"
    assert words in cause.sentence
