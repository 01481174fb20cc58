"""Input channels read in another order."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import Fault
from planting import DTYPES, cause_of, weight_and_bias

from parity.replay.arrays import Floats
from parity.replay.ops import linear
from parity.replay.replay import Reference

OUT, GATE, K = "layers.1.attn_out", "layers.1.gate", "layers.1.k"


def reordered(tap: str, order: np.ndarray) -> Fault:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        flat = inputs[0].reshape(*inputs[0].shape[:2], -1)
        return linear(flat[..., order], *weight_and_bias(reference, tap))

    return fault


@pytest.mark.parametrize("dtype", DTYPES)
def test_heads_merged_channel_by_channel_are_named(dtype: str) -> None:
    cause = cause_of(OUT, reordered(OUT, np.arange(64).reshape(4, 16).T.ravel()), dtype=dtype)
    assert cause.hypothesis == "input_permuted"
    assert "read channel by channel where they are written head by head" in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_order_of_heads_is_solved(dtype: str) -> None:
    cause = cause_of(OUT, reordered(OUT, np.arange(64).reshape(4, 16)[[2, 0, 3, 1]].ravel()), dtype=dtype)
    assert cause.hypothesis == "input_permuted"
    assert "head 0 is head 2, head 1 is head 0, head 2 is head 3, head 3 is head 1" in cause.sentence


@pytest.mark.parametrize("tap", [GATE, K])
@pytest.mark.parametrize("shift", [1, 5])
def test_a_shift_is_solved(tap: str, shift: int) -> None:
    cause = cause_of(tap, reordered(tap, np.roll(np.arange(64), -shift)))
    assert cause.hypothesis == "input_permuted"
    assert f"are shifted by {shift} when" in cause.sentence


@pytest.mark.parametrize("tap", [GATE, K])
def test_any_order_is_solved_where_there_are_more_tokens_than_channels(tap: str) -> None:
    cause = cause_of(tap, reordered(tap, np.random.default_rng(3).permutation(64)))
    assert cause.hypothesis == "input_permuted"
    assert "permuted" in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
def test_two_exchanged_channels_are_named(dtype: str) -> None:
    order = np.arange(64)
    order[[5, 40]] = 40, 5
    cause = cause_of(GATE, reordered(GATE, order), dtype=dtype)
    assert cause.hypothesis == "input_permuted"
    assert "(5 is 40, 40 is 5)" in cause.sentence
