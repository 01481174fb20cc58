"""Planting plain frequencies where the reference scales them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy_decoder import RandomWeights
from planting import DTYPES, cause_of, qwen3
from rotary_faults import Frequencies, base, llama3, turned, yarn

from parity.replay import Reference


def scaled_reference(frequencies: Frequencies, scale: float) -> Reference:
    plain = qwen3()
    assert isinstance(plain.weights, RandomWeights)
    settings = plain.weights.settings
    changed = frequencies(settings.inverse_frequencies.astype(np.float64)).astype(np.float32)
    settings = replace(settings, inverse_frequencies=changed, rotary_scale=scale)
    return Reference(replace(plain.weights, settings=settings), plain.tokens)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kept", [1.0, 1.139])
def test_ignored_yarn_is_named(kept: float, dtype: str) -> None:
    reference = scaled_reference(yarn(4.0, 2, 5), 1.139)
    cause = cause_of("layers.1.q_rope", turned(frequencies=base(1e6), scale=kept), dtype=dtype, reference=reference)
    assert cause.hypothesis == "rotary_scaling_ignored"
    assert ("yet cos and sin are scaled" in cause.sentence) == (kept != 1)


def test_ignored_llama3_scaling_is_named() -> None:
    reference = scaled_reference(llama3(8.0, 64.0), 1.0)
    cause = cause_of("layers.1.k_rope", turned(frequencies=base(1e6)), reference=reference)
    assert cause.hypothesis == "rotary_scaling_ignored"
    assert "plain frequencies of base 1000000" in cause.sentence


def test_another_factor_than_the_reference_is_solved() -> None:
    reference = scaled_reference(yarn(4.0, 2, 5), 1.0)
    cause = cause_of(
        "layers.1.q_rope", turned(frequencies=lambda _: yarn(2.0, 2, 5)(base(1e6)(_))), reference=reference
    )
    assert cause.hypothesis == "rotary_yarn"
    assert "YaRN with factor 2:" in cause.sentence
