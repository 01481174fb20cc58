"""Other activation functions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy_decoder import Fault
from planting import DTYPES, cause_of

from parity.diagnose.activations import ACTIVATIONS, erf

ACT = "layers.1.act"


def gated(name: str) -> Fault:
    return lambda reference, inputs: ACTIVATIONS[name](inputs[0]) * inputs[1]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_is_named(name: str) -> None:
    cause = cause_of(ACT, gated(name))
    assert (cause.hypothesis, cause.sentence) == ("activation_other", f"the activation is {name} instead of SiLU")


@pytest.mark.parametrize("dtype", DTYPES[1:])
@pytest.mark.parametrize("name", ["GELU", "ReLU", "sigmoid"])
def test_in_16_bits(name: str, dtype: str) -> None:
    assert f"the activation is {name}" in cause_of(ACT, gated(name), dtype=dtype).sentence


def test_both_forms_of_gelu_are_told_apart_in_fp16() -> None:
    for name in ("GELU", "GELU (tanh approximation)"):
        assert cause_of(ACT, gated(name), dtype="float16").sentence == f"the activation is {name} instead of SiLU"


@given(st.floats(-8, 8))
def test_erf_is_exact_to_twelve_digits(x: float) -> None:
    assert float(erf(np.array(x))) == pytest.approx(math.erf(x), abs=1e-12)
