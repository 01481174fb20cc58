"""Logits behind a softmax."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, changed_output

from parity.replay.arrays import Floats


def log_softmax(logits: Floats) -> Floats:
    moved = logits - logits.max(axis=-1, keepdims=True)
    result: Floats = moved - np.log(np.exp(moved).sum(axis=-1, keepdims=True))
    return result


@pytest.mark.parametrize("dtype", DTYPES)
def test_log_probabilities_are_named(dtype: str) -> None:
    cause = cause_of("logits", changed_output("logits", log_softmax), dtype=dtype)
    assert cause.hypothesis == "logits_normalised"
    assert "log-softmax" in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
def test_probabilities_are_named(dtype: str) -> None:
    cause = cause_of("logits", changed_output("logits", lambda logits: np.exp(log_softmax(logits))), dtype=dtype)
    assert "these are probabilities" in cause.sentence
