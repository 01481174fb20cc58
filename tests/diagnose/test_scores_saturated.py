"""Planting scores that stop at fp16's largest number."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import Bools, Parts, attending, with_large_keys
from planting import cause_of, qwen2

from parity.replay.arrays import Floats

CONTEXT = "layers.1.attn_ctx"


@pytest.mark.parametrize(("factor", "before", "words"), [(1e4, True, "q·k saturates"), (4e4, False, "scores saturate")])
def test_saturation_is_named(factor: float, before: bool, words: str) -> None:
    reference = with_large_keys(qwen2(), factor)
    unit = 4.0 if before else 1.0  # 1 / scale

    def saturated(parts: Parts) -> Floats:
        return np.clip(unit * parts.scores, -65504, 65504) / unit

    cause = cause_of(CONTEXT, attending(scores=saturated), reference=reference)
    assert cause.hypothesis == "scores_saturated"
    assert words in cause.sentence
    assert "65504" in cause.sentence


def test_saturated_exponentials_are_named() -> None:
    def weights(scores: Floats, seen: Bools) -> Floats:
        powers = np.where(seen, np.minimum(np.exp(np.minimum(scores, 50.0)), 65504.0), 0.0)
        return powers / powers.sum(axis=-1, keepdims=True)

    cause = cause_of(CONTEXT, attending(weights=weights), reference=with_large_keys(qwen2(), 6.0))
    assert cause.hypothesis == "scores_saturated"
    assert "highest score is not taken off" in cause.sentence
