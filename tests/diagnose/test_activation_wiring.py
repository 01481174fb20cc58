"""SiLU, gate and up put together wrongly."""

from __future__ import annotations

import pytest
from numpy_decoder import Fault
from planting import DTYPES, cause_of

from parity.replay.ops import silu

ACT = "layers.1.act"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (lambda reference, inputs: inputs[0] * inputs[1], "the activation is missing"),
        (lambda reference, inputs: silu(inputs[0]), "up is not multiplied"),
        (lambda reference, inputs: inputs[1], "the output is up"),
        (lambda reference, inputs: silu(inputs[0]) * silu(inputs[1]), "both are activated"),
        (lambda reference, inputs: silu(inputs[0] * inputs[1]), "activated after the product"),
        (lambda reference, inputs: silu(inputs[0]) + inputs[1], "added instead of multiplied"),
    ],
)
def test_the_wiring_is_told(fault: Fault, words: str, dtype: str) -> None:
    cause = cause_of(ACT, fault, dtype=dtype)
    assert cause.hypothesis == "activation_wiring"
    assert words in cause.sentence
