"""Planting the scaling of Llama 3.1."""

from __future__ import annotations

import pytest
from numpy_decoder import make_reference
from planting import cause_of, number_in
from rotary_faults import llama3, turned

from parity.taps import DecoderShape


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(("factor", "length"), [(8.0, 64.0), (4.0, 200.0)])
def test_factor_and_wavelengths_are_solved(factor: float, length: float, dtype: str) -> None:
    reference = make_reference(DecoderShape(1, 64, 2, 2, 64, 32, 80), lengths=(70, 40))
    cause = cause_of("layers.0.q_rope", turned(frequencies=llama3(factor, length)), dtype=dtype, reference=reference)
    assert cause.hypothesis == "rotary_llama3"
    assert number_in(r"factor (\S+):", cause.sentence) == pytest.approx(factor, rel=0.02)
    assert number_in(r"below (\S+) tokens", cause.sentence) == pytest.approx(length / 4, rel=0.05)
    assert number_in(r"above (\S+) their", cause.sentence) == pytest.approx(length, rel=0.1)


def test_a_ramp_that_few_pairs_lie_on_is_solved() -> None:
    """Sixteen pairs, and two of them between the ends: one almost divided, which needs the factor to be exact."""
    reference = make_reference(DecoderShape(1, 64, 2, 2, 32, 32, 80), lengths=(430, 75))
    cause = cause_of("layers.0.q_rope", turned(frequencies=llama3(9.14, 2662.0)), reference=reference)
    assert cause.hypothesis == "rotary_llama3"
    assert number_in(r"factor (\S+):", cause.sentence) == pytest.approx(9.14, rel=0.02)
