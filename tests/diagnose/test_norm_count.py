"""Mean squares with another number of elements, which is solved for."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import Fault
from planting import DTYPES, cause_of, norm_weight

from parity.replay.arrays import Floats
from parity.replay.replay import Reference

POST = "layers.1.post_norm"


def counting(count: float) -> Fault:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        squares = (inputs[0] ** 2).sum(axis=-1, keepdims=True)
        output: Floats = inputs[0] / np.sqrt(squares / count + 1e-6) * norm_weight(reference, POST)
        return output

    return fault


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", [96, 128, 32])
def test_the_count_is_solved(count: int, dtype: str) -> None:
    cause = cause_of(POST, counting(count), dtype=dtype)
    assert cause.hypothesis == "norm_count"
    assert f"Σx² / {count} (there are 64 channels)" in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_sum_in_place_of_the_mean_is_named(dtype: str) -> None:
    assert "the sum of squares instead of their mean" in cause_of(POST, counting(1), dtype=dtype).sentence
