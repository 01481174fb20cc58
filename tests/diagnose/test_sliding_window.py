"""Planting a sliding window where there is none, another one, and none where there is one."""

from __future__ import annotations

import pytest
from attention_faults import attending, distances, windowed
from numpy_decoder import Fault
from planting import DTYPES, cause_of, qwen2

CONTEXT = "layers.1.attn_ctx"


def within(width: int) -> Fault:
    return attending(
        seen=lambda parts: (distances(parts) >= 0) & (distances(parts) < width) & parts.real[:, None, None]
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("width", [8, 17, 40])
def test_the_width_is_solved(width: int, dtype: str) -> None:
    cause = cause_of(CONTEXT, within(width), dtype=dtype)
    assert cause.hypothesis == "sliding_window"
    assert f"a sliding window of {width} tokens where the reference has none" in cause.sentence


@pytest.mark.parametrize("width", [10, 12, 25])
def test_another_width_than_the_reference_is_solved(width: int) -> None:
    cause = cause_of(CONTEXT, within(width), reference=windowed(qwen2(), 11))
    assert cause.hypothesis == "sliding_window"
    assert f"a sliding window of {width} tokens instead of 11" in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_ignored_window_is_named(dtype: str) -> None:
    cause = cause_of(CONTEXT, within(1000), dtype=dtype, reference=windowed(qwen2(), 11))
    assert cause.hypothesis == "sliding_window"
    assert "the sliding window of 11 is ignored" in cause.sentence
    assert cause.fitted == 0


def test_tokens_that_see_only_themselves_are_named() -> None:
    cause = cause_of(CONTEXT, within(1))
    assert cause.hypothesis == "sliding_window"
    assert "the context is its own v" in cause.sentence
