"""Inputs, or inputs and weights, on grids of few bits."""

from __future__ import annotations

import numpy as np
import pytest
from planting import cause_of, weight_and_bias

from parity.diagnose.formats import FORMATS
from parity.replay.arrays import Floats
from parity.replay.ops import linear
from parity.replay.replay import Reference

GATE = "layers.1.gate"
E4M3 = next(format_.nearest for format_ in FORMATS if format_.short == "fp8 e4m3")


def int8(values: Floats) -> Floats:
    scale = np.abs(values).max(axis=-1, keepdims=True) / 127
    return np.rint(values / np.where(scale > 0, scale, 1)) * scale


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("weights_too", [False, True])
def test_int8_per_token_is_named(weights_too: bool, dtype: str) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        weight = weight_and_bias(reference, GATE)[0]
        return linear(int8(inputs[0]), int8(weight) if weights_too else weight)

    cause = cause_of(GATE, fault, dtype=dtype)
    expected = "the inputs are quantised to int8 per token" + (", weights too" if weights_too else "")
    assert (cause.hypothesis, cause.sentence) == ("inputs_quantised", expected)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_fp8_per_tensor_is_named(dtype: str) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        real = inputs[0][reference.tokens.mask]
        scale = np.abs(real).max() / 448
        return linear(E4M3((inputs[0] / scale).clip(-448, 448)) * scale, weight_and_bias(reference, GATE)[0])

    cause = cause_of(GATE, fault, dtype=dtype)
    assert cause.sentence == "the inputs are quantised to fp8 e4m3 per tensor"
