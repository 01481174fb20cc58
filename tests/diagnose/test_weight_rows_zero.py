"""Dead output channels that still have their bias."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, altered, cause_of

Q, CHANNELS = "layers.1.q", np.arange(64)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("dead", "words"), [(CHANNELS // 16 == 1, "head 1"), (np.isin(CHANNELS, (5, 40)), "channels 5, 40")]
)
def test_dead_rows_are_named(dead: np.ndarray, words: str, dtype: str) -> None:
    fault = altered(Q, lambda weight, bias: (np.where(dead[:, None], 0.0, weight), bias))
    cause = cause_of(Q, fault, dtype=dtype)
    assert cause.hypothesis == "weight_rows_zero"
    assert f"the weights are zero in {words}," in cause.sentence
