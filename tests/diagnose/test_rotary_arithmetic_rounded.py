"""Planting a rotation in 16 bits."""

from __future__ import annotations

import pytest
from planting import cause_of
from rotary_faults import BF16, FP16, rounded_arithmetic


@pytest.mark.parametrize(("rounding", "words"), [(BF16, "bf16"), (FP16, "fp16")])
def test_the_format_is_named(rounding: type, words: str) -> None:
    cause = cause_of("layers.1.q_rope", rounded_arithmetic(rounding))
    assert cause.hypothesis == "rotary_arithmetic_rounded"
    assert f"computed in {words}" in cause.sentence
