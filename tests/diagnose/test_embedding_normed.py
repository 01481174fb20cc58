"""Embeddings behind a norm."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, changed_output


@pytest.mark.parametrize("dtype", DTYPES)
def test_it_is_named(dtype: str) -> None:
    fault = changed_output("embed", lambda x: x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-6))
    cause = cause_of("embed", fault, dtype=dtype)
    assert cause.hypothesis == "embedding_normed"
    assert "RMS norm without weight" in cause.sentence
