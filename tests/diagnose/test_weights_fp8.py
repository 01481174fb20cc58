"""Weights in fp8 with scales of several extents."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from planting import altered, cause_of

from parity.replay.arrays import Floats

DOWN = "layers.1.mlp_out"


def fp8(weight: Floats, scale: Floats | float) -> Floats:
    return (weight / scale).astype(ml_dtypes.float8_e4m3fn).astype(np.float64) * scale


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(("axis", "words"), [(None, "of the whole tensor"), (1, "of each output channel")])
def test_the_extent_of_the_scale_is_found(axis: int | None, words: str, dtype: str) -> None:
    def change(weight: Floats, bias: Floats | None) -> tuple[Floats, Floats | None]:
        return fp8(weight, np.abs(weight).max(axis=axis, keepdims=True) / 448), bias

    cause = cause_of(DOWN, altered(DOWN, change), dtype=dtype)
    assert cause.hypothesis == "weights_fp8"
    assert f"fp8 e4m3 by a scale {words}" in cause.sentence
