"""Sums accumulated in 16 bits; the block after which the total is rounded is found."""

from __future__ import annotations

import pytest
from numpy_decoder import Fault
from planting import cause_of, weight_and_bias

from parity.diagnose.accumulation import Accumulation, accumulated
from parity.diagnose.formats import FORMATS
from parity.replay.arrays import Floats
from parity.replay.replay import Reference

DOWN = "layers.1.mlp_out"


def accumulating(short: str, block: int, rounds_parts: bool) -> Fault:
    how = Accumulation(next(f for f in FORMATS if f.short == short), block, rounds_parts)

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        x = inputs[0]
        return accumulated(x.reshape(-1, x.shape[-1]), *weight_and_bias(reference, DOWN), how)

    return fault


@pytest.mark.parametrize(
    ("short", "dtype"), [("fp16", "float32"), ("bf16", "float32"), ("bf16", "float16"), ("fp16", "float16")]
)
@pytest.mark.parametrize(
    ("block", "words"), [(1, "every product"), (16, "every 16 products"), (48, "every 48 products")]
)
def test_format_and_block_are_found(block: int, words: str, short: str, dtype: str) -> None:
    if (short, dtype) == ("fp16", "float16") and block > 1:
        pytest.skip("a few fp16 roundings are within the noise of an fp16 output")
    cause = cause_of(DOWN, accumulating(short, block, rounds_parts=False), dtype=dtype)
    assert cause.hypothesis == "accumulation_rounded"
    assert cause.sentence == f"sums are accumulated in {short}, rounded after {words}"


def test_parts_that_are_rounded_too_are_told() -> None:
    cause = cause_of(DOWN, accumulating("fp16", 24, rounds_parts=True))
    assert cause.sentence.endswith("each part rounded too")
