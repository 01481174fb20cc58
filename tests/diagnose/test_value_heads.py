"""Planting values, or keys, of another head."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import Parts, attending
from planting import DTYPES, cause_of

from parity.replay.arrays import Floats

CONTEXT = "layers.1.attn_ctx"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("heads", "words"), [([0, 1, 0, 1], "interleaved"), ([1, 1, 0, 0], "in reverse")])
def test_values_of_other_heads_are_named(heads: list[int], words: str, dtype: str) -> None:
    cause = cause_of(CONTEXT, attending(values=lambda parts: parts.inputs[2][:, :, heads]), dtype=dtype)
    assert cause.hypothesis == "value_heads"
    assert cause.sentence.startswith("value heads alone")
    assert words in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
def test_keys_of_other_heads_are_named(dtype: str) -> None:
    def scores(parts: Parts) -> Floats:
        return parts.scale * np.einsum("bihd,bjhd->bhij", parts.inputs[0], parts.inputs[1][:, :, [0, 1, 0, 1]])

    cause = cause_of(CONTEXT, attending(scores=scores), dtype=dtype)
    assert cause.hypothesis == "value_heads"
    assert cause.sentence.startswith("key heads alone")
