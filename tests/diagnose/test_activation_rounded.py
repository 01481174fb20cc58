"""Parts of SiLU in 16 bits."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from numpy_decoder import Fault
from planting import cause_of

from parity.replay.arrays import Floats
from parity.replay.ops import silu

ACT = "layers.1.act"


def bf16(x: Floats) -> Floats:
    return x.astype(ml_dtypes.bfloat16).astype(np.float64)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (lambda reference, inputs: bf16(silu(inputs[0])) * inputs[1], "the silu is"),
        (lambda reference, inputs: bf16(1 / (1 + np.exp(-inputs[0]))) * inputs[0] * inputs[1], "the sigmoid is"),
        (
            lambda reference, inputs: bf16(silu(bf16(inputs[0]))) * bf16(inputs[1]),
            "the gate and the silu and the up is",
        ),
    ],
)
def test_the_part_is_named(fault: Fault, words: str, dtype: str) -> None:
    cause = cause_of(ACT, fault, dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("activation_rounded", f"{words} computed in bf16")
