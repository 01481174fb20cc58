"""Planting attention to padding, on the left and on the right."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import attending, distances, padded_on_the_left
from numpy_decoder import make_reference
from planting import DTYPES, cause_of, qwen2

CONTEXT = "layers.1.attn_ctx"


@pytest.mark.parametrize("dtype", DTYPES)
def test_padding_before_tokens_is_named(dtype: str) -> None:
    fault = attending(seen=lambda parts: np.broadcast_to(distances(parts) >= 0, parts.seen.shape))
    cause = cause_of(CONTEXT, fault, dtype=dtype, reference=padded_on_the_left(qwen2()))
    assert cause.hypothesis == "padding_attended"
    assert "padding before a token" in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
def test_padding_behind_tokens_is_named(dtype: str) -> None:
    cause = cause_of(CONTEXT, attending(seen=lambda parts: parts.seen | ~parts.real[:, None, None]), dtype=dtype)
    assert cause.hypothesis == "padding_attended"
    assert "before and after" in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
def test_keys_and_values_of_zero_are_named(dtype: str) -> None:
    fault = attending(
        scores=lambda parts: np.where(parts.real[:, None, None], parts.scores, 0.0),
        seen=lambda parts: parts.seen | ~parts.real[:, None, None],
        values=lambda parts: parts.values * parts.real[:, :, None, None],
    )
    cause = cause_of(CONTEXT, fault, dtype=dtype)
    assert cause.hypothesis == "padding_attended"
    assert "values of zero" in cause.sentence


def test_a_padding_mask_that_is_upside_down_is_named() -> None:
    reference = make_reference(lengths=(30, 20, 9))  # the longest prompt has no padding to see
    seen = lambda parts: np.broadcast_to(~parts.real[:, None, None], parts.seen.shape)  # noqa: E731
    cause = cause_of(CONTEXT, attending(seen=seen), reference=reference)
    assert cause.hypothesis == "padding_attended"
    assert "upside down" in cause.sentence
