"""Planting a softmax in 16 bits."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import BF16, FP16, Bools, attending, rounded, softmax
from numpy_decoder import Fault
from planting import cause_of

from parity.replay.arrays import Floats

CONTEXT = "layers.1.attn_ctx"


def every_step(dtype: type) -> Fault:
    def weights(scores: Floats, seen: Bools) -> Floats:
        visible = np.where(seen, rounded(scores, dtype), -np.inf)
        powers = rounded(np.exp(rounded(visible - visible.max(axis=-1, keepdims=True), dtype)), dtype)
        total = np.zeros(powers.shape[:-1])
        for key in range(powers.shape[-1]):
            total = rounded(total + powers[..., key], dtype)
        return rounded(powers / total[..., None], dtype)

    return attending(weights=weights)


@pytest.mark.parametrize(("rounding", "words"), [(BF16, "bf16"), (FP16, "fp16")])
def test_rounded_probabilities_are_named(rounding: type, words: str) -> None:
    cause = cause_of(CONTEXT, attending(weights=lambda scores, seen: rounded(softmax(scores, seen), rounding)))
    assert cause.hypothesis == "probabilities_rounded"
    assert cause.sentence == f"the probabilities are rounded to {words}"


@pytest.mark.parametrize(("rounding", "words"), [(BF16, "bf16"), (FP16, "fp16")])
def test_a_softmax_with_16_bits_at_both_ends_is_named(rounding: type, words: str) -> None:
    def weights(scores: Floats, seen: Bools) -> Floats:
        return rounded(softmax(rounded(scores, rounding), seen), rounding)

    cause = cause_of(CONTEXT, attending(weights=weights))
    assert cause.hypothesis == "probabilities_rounded"
    assert f"scores and probabilities are rounded to {words}" in cause.sentence


@pytest.mark.parametrize(("rounding", "words"), [(BF16, "bf16"), (FP16, "fp16")])
def test_a_softmax_in_16_bits_is_named(rounding: type, words: str) -> None:
    cause = cause_of(CONTEXT, every_step(rounding))
    assert cause.hypothesis == "probabilities_rounded"
    assert f"computed and summed in {words}" in cause.sentence
