"""Products of operands rounded to fewer bits."""

from __future__ import annotations

import pytest
from numpy_decoder import Fault
from planting import cause_of, weight_and_bias

from parity.diagnose.formats import FORMATS
from parity.replay.arrays import Floats
from parity.replay.ops import linear
from parity.replay.replay import Reference

GATE = "layers.1.gate"
NEAREST = {format_.short: format_.nearest for format_ in FORMATS}


def rounded(short: str, of_weight: bool, of_input: bool) -> Fault:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        weight, x, nearest = weight_and_bias(reference, GATE)[0], inputs[0], NEAREST[short]
        return linear(nearest(x) if of_input else x, nearest(weight) if of_weight else weight)

    return fault


@pytest.mark.parametrize("short", ["bf16", "fp8 e4m3", "fp8 e5m2"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(
    ("words", "of_weight", "of_input"),
    [("weights and inputs are", True, True), ("the weights are", True, False), ("the inputs are", False, True)],
)
def test_format_and_operand_are_named(words: str, of_weight: bool, of_input: bool, dtype: str, short: str) -> None:
    cause = cause_of(GATE, rounded(short, of_weight, of_input), dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("operands_rounded", f"{words} rounded to {short} before the product")


@pytest.mark.parametrize("short", ["TF32", "fp16"])
def test_ten_bits_are_told_in_an_fp32_run(short: str) -> None:
    assert "are rounded to TF32 or fp16 before the product" in cause_of(GATE, rounded(short, True, True)).sentence
