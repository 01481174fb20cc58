"""Inputs kept in 16 bits."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from planting import cause_of

from parity.replay.arrays import Floats
from parity.replay.ops import silu


def bf16(x: Floats) -> Floats:
    return x.astype(ml_dtypes.bfloat16).astype(np.float64)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_residual_stream_in_bf16_is_named(dtype: str) -> None:
    cause = cause_of("layers.1.resid_mid", lambda reference, inputs: bf16(inputs[0]) + inputs[1], dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("inputs_rounded", "layers.0.resid_out is rounded to bf16 first")


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_both_operands_are_named(dtype: str) -> None:
    fault = lambda reference, inputs: silu(bf16(inputs[0])) * bf16(inputs[1])  # noqa: E731
    cause = cause_of("layers.1.act", fault, dtype=dtype)
    assert cause.hypothesis == "inputs_rounded"
    assert "layers.1.gate and layers.1.up are rounded to bf16 first" in cause.sentence
