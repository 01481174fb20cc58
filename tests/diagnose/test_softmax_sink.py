"""Planting a softmax with something added to its denominator."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import Bools, attending
from numpy_decoder import Fault
from planting import DTYPES, cause_of, number_in

from parity.replay.arrays import Floats

CONTEXT = "layers.1.attn_ctx"


def with_added(amount: Floats | float) -> Fault:
    def weights(scores: Floats, seen: Bools) -> Floats:
        powers = np.where(seen, np.exp(scores), 0.0)
        return powers / (powers.sum(axis=-1, keepdims=True) + amount)

    return attending(weights=weights)


@pytest.mark.parametrize("dtype", DTYPES)
def test_off_by_one_is_named(dtype: str) -> None:
    cause = cause_of(CONTEXT, with_added(1.0), dtype=dtype)
    assert cause.hypothesis == "softmax_sink"
    assert "off by one" in cause.sentence
    assert cause.fitted == 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_amount_is_solved(dtype: str) -> None:
    cause = cause_of(CONTEXT, with_added(2.5), dtype=dtype)
    assert cause.hypothesis == "softmax_sink"
    assert number_in(r"has (\S+) added", cause.sentence) == pytest.approx(2.5, rel=0.1)


def test_a_sink_in_each_head_is_solved() -> None:
    cause = cause_of(CONTEXT, with_added(np.exp([0.3, -1, 2, 0.7])[:, None, None]))
    assert cause.hypothesis == "softmax_sink"
    assert "scores from -1 to 2" in cause.sentence
