"""Masks between the usual ones: sinks beside a window, bidirectional prefixes, dilation, lost slots of pages."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from attention_faults import Bools, Parts, attending, distances
from planting import DTYPES, cause_of

CONTEXT = "layers.1.attn_ctx"


def named(seen: Callable[[Parts], Bools], hypothesis: str, dtype: str) -> str:
    cause = cause_of(CONTEXT, attending(seen=seen), dtype=dtype)
    assert cause.hypothesis == hypothesis, cause.sentence
    return cause.sentence


def keys(parts: Parts) -> npt.NDArray[np.int64]:
    return np.arange(parts.real.shape[1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("width", "first"), [(9, 4), (12, 1)])
def test_a_window_beside_the_first_tokens(width: int, first: int, dtype: str) -> None:
    sentence = named(
        lambda parts: parts.seen & ((distances(parts) < width) | (keys(parts) < first)), "sliding_window_sinks", dtype
    )
    assert f"a sliding window of {width} tokens" in sentence
    assert ("the first token stays" if first == 1 else f"the first {first} tokens stay") in sentence


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [5, 14])
def test_a_bidirectional_prefix(size: int, dtype: str) -> None:
    sentence = named(
        lambda parts: parts.seen | ((keys(parts) < size) & parts.real[:, None, None]), "prefix_bidirectional", dtype
    )
    assert f"the first {size} tokens" in sentence


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("stride", "words"), [(2, "every second key"), (5, "every 5th key")])
def test_dilated_attention(stride: int, words: str, dtype: str) -> None:
    assert words in named(lambda parts: parts.seen & (distances(parts) % stride == 0), "keys_strided", dtype)


@pytest.mark.parametrize(("page", "slot"), [(8, 7), (16, 0)])
def test_a_lost_slot_of_each_page(page: int, slot: int) -> None:
    sentence = named(
        lambda parts: parts.seen & ((keys(parts) % page != slot) | (distances(parts) == 0)), "keys_strided", "float32"
    )
    assert f"key {slot} of every {page}" in sentence
