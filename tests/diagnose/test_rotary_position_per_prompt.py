"""Planting positions that are moved by another number in each prompt."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import padded_on_the_left
from planting import DTYPES, cause_of, qwen2
from rotary_faults import turned

from parity.replay.arrays import Floats
from parity.tokens import TokenBatch


def after_the_others(tokens: TokenBatch) -> Floats:
    return (np.cumsum(tokens.lengths) - tokens.lengths)[:, None].astype(np.float64)


@pytest.mark.parametrize("dtype", DTYPES)
def test_packed_prompts_are_named(dtype: str) -> None:
    fault = turned(positions=lambda p, tokens: p + after_the_others(tokens))
    cause = cause_of("layers.1.q_rope", fault, dtype=dtype)
    assert cause.hypothesis == "rotary_position_per_prompt"
    assert "run on from prompt to prompt" in cause.sentence
    assert cause.fitted == 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_counted_padding_is_named(dtype: str) -> None:
    fault = turned(positions=lambda p, tokens: np.broadcast_to(np.arange(p.shape[1], dtype=np.float64), p.shape))
    cause = cause_of("layers.1.q_rope", fault, dtype=dtype, reference=padded_on_the_left(qwen2()))
    assert cause.hypothesis == "rotary_position_per_prompt"
    assert "padding on the left is counted" in cause.sentence


def test_any_offsets_are_solved() -> None:
    cause = cause_of("layers.1.k_rope", turned(positions=lambda p, tokens: p + np.array([[2], [5]])))
    assert cause.hypothesis == "rotary_position_per_prompt"
    assert "+2 in prompt 0, +5 in prompt 1" in cause.sentence
    assert cause.fitted == 2
