"""Planting a sum over values that is kept in 16 bits."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import BF16, FP16, attending, rounded, softmax, summed
from numpy_decoder import Fault, make_reference
from planting import cause_of

from parity.replay import Reference
from parity.replay.arrays import Floats

CONTEXT = "layers.1.attn_ctx"


def accumulated(dtype: type, tile: int) -> Fault:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        found: list[Floats] = []
        attending(weights=lambda scores, seen: found.append(softmax(scores, seen)) or found[0])(reference, inputs)
        weights, values = rounded(found[0], dtype), np.repeat(inputs[2], 2, axis=2)
        total = np.zeros_like(inputs[0])
        for start in range(0, values.shape[1], tile):
            keys = slice(start, start + tile)
            total = rounded(total + summed(weights[..., keys], values[:, keys]), dtype)
        return total

    return fault


@pytest.mark.parametrize(("rounding", "words"), [(BF16, "bf16"), (FP16, "fp16")])
@pytest.mark.parametrize(("tile", "keys"), [(1, "key"), (16, "16 keys")])
def test_format_and_tile_are_named(rounding: type, words: str, tile: int, keys: str) -> None:
    cause = cause_of(CONTEXT, accumulated(rounding, tile))
    assert cause.hypothesis == "context_accumulated"
    assert cause.sentence == f"the context is accumulated in {words}, rounded after every {keys}"


def test_the_engine_s_own_format_is_named_where_it_errs_more_than_once() -> None:
    cause = cause_of(CONTEXT, accumulated(BF16, 1), dtype="bfloat16", reference=make_reference(lengths=(300,)))
    assert cause.hypothesis == "context_accumulated"
