"""Parts of a sum that are lost or repeated; which channels they have is solved for."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import Fault
from planting import DTYPES, cause_of, weight_and_bias

from parity.replay.arrays import Floats
from parity.replay.ops import linear
from parity.replay.replay import Reference

DOWN, OUT = "layers.1.mlp_out", "layers.1.attn_out"


def counted(tap: str, gains: np.ndarray) -> Fault:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        flat = inputs[0].reshape(*inputs[0].shape[:2], -1)
        return linear(flat * gains, *weight_and_bias(reference, tap))

    return fault


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("first", "last"), [(48, 95), (24, 47), (0, 0), (90, 95)])
def test_a_lost_part_is_named(first: int, last: int, dtype: str) -> None:
    gains = np.where((np.arange(96) >= first) & (np.arange(96) <= last), 0.0, 1.0)
    cause = cause_of(DOWN, counted(DOWN, gains), dtype=dtype)
    assert cause.hypothesis == "partial_sums"
    where = f"channel {first} of" if first == last else f"channels {first}–{last} of"
    assert f"{where} layers.1.act are left out of the sum" in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_lost_head_is_named(dtype: str) -> None:
    cause = cause_of(OUT, counted(OUT, np.repeat([1, 1, 0, 1], 16)), dtype=dtype)
    assert "head 2 of layers.1.attn_ctx are left out" in cause.sentence


def test_a_rank_in_place_of_another_is_named() -> None:
    cause = cause_of(OUT, counted(OUT, np.repeat([2, 2, 0, 0], 16)))
    assert "heads 2–3 of layers.1.attn_ctx are left out of the sum (0.5 of the sum)" in cause.sentence
    assert "heads 0–1 of layers.1.attn_ctx are counted 2 times" in cause.sentence
