"""Weights on grids of few bits: width, groups and divisor are found."""

from __future__ import annotations

import numpy as np
import pytest
from planting import altered, cause_of

from parity.diagnose.grids import Grid, column_extremes, quantised
from parity.replay.arrays import Floats

DOWN, Q = "layers.1.mlp_out", "layers.1.q"


def symmetric(weight: Floats, bits: int, group: int, divisor: int) -> Floats:
    blocks = weight.reshape(len(weight), -1, group)
    scale = np.abs(blocks).max(axis=-1, keepdims=True) / divisor
    return (np.clip(np.rint(blocks / scale), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1) * scale).reshape(weight.shape)


def asymmetric(weight: Floats, group: int, shift: int) -> Floats:
    blocks = weight.reshape(len(weight), -1, group)
    low, high = blocks.min(axis=-1, keepdims=True), blocks.max(axis=-1, keepdims=True)
    scale = (high - low) / 15
    zero = np.rint(-low / scale)
    codes = np.clip(np.rint(blocks / scale) + zero, 0, 15)
    return ((codes - zero - shift) * scale).reshape(weight.shape)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(
    ("bits", "group", "divisor", "words"),
    [
        (8, 96, 127, "int8 per output channel (symmetric, largest value / 127)"),
        (8, 96, 128, "int8 per output channel (symmetric, largest value / 128)"),
        (4, 32, 7, "int4 per group of 32 (symmetric, largest value / 7)"),
        (4, 96, 8, "int4 per output channel (symmetric, largest value / 8)"),
        (3, 16, 3, "int3 per group of 16 (symmetric, largest value / 3)"),
    ],
)
def test_the_grid_is_found(bits: int, group: int, divisor: int, words: str, dtype: str) -> None:
    fault = altered(DOWN, lambda weight, bias: (symmetric(weight, bits, group, divisor), bias))
    cause = cause_of(DOWN, fault, dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("weights_quantised", f"the weights are quantised to {words}")


@pytest.mark.parametrize("shift", [0, 1, -1])
def test_a_zero_point_that_is_off_by_one_is_found(shift: int) -> None:
    cause = cause_of(Q, altered(Q, lambda weight, bias: (asymmetric(weight, 32, shift), bias)))
    assert cause.hypothesis == "weights_quantised"
    assert "int4 per group of 32 (with zero points)" in cause.sentence
    assert ("zero point off by" in cause.sentence) == (shift != 0)


def test_scales_along_the_wrong_axis_are_found() -> None:
    fault = altered(Q, lambda weight, bias: (symmetric(weight.T.copy(), 8, 64, 127).T, bias))
    assert "int8 per input channel" in cause_of(Q, fault).sentence


def test_ties_fall_where_fp32_lets_them_fall() -> None:
    """Weights in bf16 are often just half of the largest one, and half of 127 steps is a tie."""
    weight = np.repeat(np.linspace(0.5, 1.0, 33), 4) * 0.0206298828125
    scale = np.float32(weight.max()) / np.float32(127)
    expected = np.rint(weight.astype(np.float32) / scale) * scale
    rows = weight[None]
    single = quantised(rows, Grid(8, -2, 127), column_extremes(rows), single=True)
    np.testing.assert_array_equal(single[0], expected.astype(np.float64))
    assert (quantised(rows, Grid(8, -2, 127), column_extremes(rows))[0] != single[0]).any()
