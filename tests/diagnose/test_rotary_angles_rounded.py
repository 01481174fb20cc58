"""Planting positions and angles in 16 bits."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import Fault, make_reference
from planting import cause_of
from rotary_faults import BF16, FP16, from_tables, rounded, turned

from parity.replay.arrays import Floats


def angles(dtype: type, *, frequencies: bool) -> Fault:
    def tables(positions: Floats, omega: Floats) -> tuple[Floats, Floats]:
        product = rounded(rounded(positions, dtype) * (rounded(omega, dtype) if frequencies else omega), dtype)
        return np.cos(product), np.sin(product)

    return from_tables(tables)


@pytest.mark.parametrize(("rounding", "words"), [(BF16, "bf16"), (FP16, "fp16")])
@pytest.mark.parametrize("frequencies", [False, True])
def test_the_format_is_named(rounding: type, words: str, frequencies: bool) -> None:
    cause = cause_of("layers.1.q_rope", angles(rounding, frequencies=frequencies))
    assert cause.hypothesis == "rotary_angles_rounded"
    assert words in cause.sentence
    assert ("frequencies" in cause.sentence) == frequencies


def rounded_angles(dtype: type) -> Fault:
    """Whole positions, and their product with the frequencies in fp32 before it is rounded, as engines have it."""

    def tables(positions: Floats, omega: Floats) -> tuple[Floats, Floats]:
        product = (positions.astype(np.float32) * omega.astype(np.float32)).astype(dtype).astype(np.float64)
        return np.cos(product), np.sin(product)

    return from_tables(tables)


def test_rounded_angles_of_whole_positions_are_named() -> None:
    cause = cause_of("layers.1.q_rope", rounded_angles(BF16), reference=make_reference(lengths=(300,)))
    assert (cause.hypothesis, cause.sentence) == ("rotary_angles_rounded", "RoPE's angles are rounded to bf16")


def test_rounded_positions_show_beyond_256_in_bf16() -> None:
    fault = turned(positions=lambda p, tokens: rounded(p, BF16))
    cause = cause_of("layers.1.q_rope", fault, reference=make_reference(lengths=(300,)))
    assert cause.hypothesis == "rotary_angles_rounded"
    assert cause.sentence.startswith("positions are rounded to bf16")
