"""Biases that some heads or channels lack."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, altered, cause_of

Q, CHANNELS = "layers.1.q", np.arange(64)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (CHANNELS // 16 == 2, "head 2"),
        (CHANNELS // 16 % 2 == 1, "heads 1, 3"),
        (CHANNELS < 20, "channels 0–19"),
        (CHANNELS >= 48, "head 3"),
    ],
)
def test_heads_and_channels_are_named(missing: np.ndarray, words: str, dtype: str) -> None:
    cause = cause_of(Q, altered(Q, lambda weight, bias: (weight, np.where(missing, 0.0, bias))), dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("bias_partly_missing", f"the bias is missing in {words} of q")
