"""Planting inverse frequencies in 16 bits."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import make_reference
from planting import cause_of
from rotary_faults import BF16, FP16, from_tables, rounded, turned

from parity.replay.arrays import Floats


@pytest.mark.parametrize(("rounding", "words"), [(BF16, "bf16"), (FP16, "fp16")])
def test_the_format_is_named(rounding: type, words: str) -> None:
    cause = cause_of("layers.1.q_rope", turned(frequencies=lambda omega: rounded(omega, rounding)))
    assert cause.hypothesis == "rotary_frequencies_rounded"
    assert cause.sentence.endswith(f"inverse frequencies are rounded to {words}")


def test_tables_may_be_rounded_too() -> None:
    def tables(positions: Floats, omega: Floats) -> tuple[Floats, Floats]:
        angles = positions * rounded(omega, BF16)
        return rounded(np.cos(angles), BF16), rounded(np.sin(angles), BF16)

    cause = cause_of("layers.1.q_rope", from_tables(tables))
    assert cause.hypothesis == "rotary_frequencies_rounded"
    assert "inverse frequencies, cos and sin are rounded to bf16" in cause.sentence


def test_long_prompts_show_it_in_16_bits_too() -> None:
    fault = turned(frequencies=lambda omega: rounded(omega, BF16))
    cause = cause_of("layers.1.q_rope", fault, dtype="float16", reference=make_reference(lengths=(200,)))
    assert cause.hypothesis == "rotary_frequencies_rounded"
