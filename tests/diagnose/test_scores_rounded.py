"""Planting scores in 16 bits."""

from __future__ import annotations

import pytest
from attention_faults import BF16, FP16, attending, rounded, with_large_keys
from planting import cause_of, qwen2

CONTEXT = "layers.1.attn_ctx"


@pytest.mark.parametrize(("rounding", "words"), [(BF16, "bf16"), (FP16, "fp16")])
def test_the_format_is_named(rounding: type, words: str) -> None:
    cause = cause_of(CONTEXT, attending(scores=lambda parts: rounded(parts.scores, rounding)))
    assert cause.hypothesis == "scores_rounded"
    assert words in cause.sentence


def test_a_format_coarser_than_the_engine_s_is_seen_in_16_bits() -> None:
    reference = with_large_keys(qwen2(), 6.0)
    cause = cause_of(
        CONTEXT, attending(scores=lambda parts: rounded(parts.scores, BF16)), dtype="float16", reference=reference
    )
    assert cause.hypothesis == "scores_rounded"
    assert "bf16" in cause.sentence
