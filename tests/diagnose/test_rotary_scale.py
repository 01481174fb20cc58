"""Planting another factor on cos and sin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy_decoder import RandomWeights
from planting import DTYPES, cause_of, number_in, qwen2
from rotary_faults import turned

from parity.replay import Reference


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [1.3, 0.9171])
def test_the_factor_is_solved(scale: float, dtype: str) -> None:
    cause = cause_of("layers.1.q_rope", turned(scale=scale), dtype=dtype)
    assert cause.hypothesis == "rotary_scale"
    assert number_in(r"scaled by ([0-9.]+)", cause.sentence) == pytest.approx(scale, rel=2e-3)


def test_the_factor_of_yarn_is_recognised() -> None:
    cause = cause_of("layers.1.k_rope", turned(scale=0.1 * np.log(4) + 1))
    assert "as YaRN with factor 4 does" in cause.sentence


@pytest.mark.parametrize(("scale", "words"), [(1.0, "is missing"), (1.139**2, "is applied twice")])
def test_the_factor_of_the_reference_may_be_missing_or_doubled(scale: float, words: str) -> None:
    plain = qwen2()
    assert isinstance(plain.weights, RandomWeights)
    settings = replace(plain.weights.settings, rotary_scale=1.139)
    reference = Reference(replace(plain.weights, settings=settings), plain.tokens)
    cause = cause_of("layers.1.q_rope", turned(scale=scale), reference=reference)
    assert cause.hypothesis == "rotary_scale"
    assert words in cause.sentence
    assert cause.fitted == 0
