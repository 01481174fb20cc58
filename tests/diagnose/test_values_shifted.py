"""Planting keys or values that lag behind."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import attending
from planting import DTYPES, cause_of

from parity.replay import Reference
from parity.replay.arrays import Floats

CONTEXT = "layers.1.attn_ctx"


def moved(x: Floats, shift: int) -> Floats:
    rolled = np.roll(x, shift, axis=1)
    rolled[:, slice(shift) if shift > 0 else slice(shift, None)] = 0
    return rolled


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shift", "words"), [(1, "1 token before"), (-2, "2 tokens after")])
def test_the_shift_of_values_is_solved(shift: int, words: str, dtype: str) -> None:
    cause = cause_of(CONTEXT, attending(values=lambda parts: moved(parts.values, shift)), dtype=dtype)
    assert cause.hypothesis == "values_shifted"
    assert f"each key goes with the value {words}" in cause.sentence


def test_the_shift_of_keys_is_solved() -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        q, k, v = inputs
        return attending()(reference, (q, moved(k, 1), v))

    cause = cause_of(CONTEXT, fault)
    assert cause.hypothesis == "values_shifted"
    assert "each value goes with the key 1 token before" in cause.sentence


def test_a_first_token_that_repeats_its_own_is_told() -> None:
    def repeated(x: Floats) -> Floats:
        return np.concatenate([x[:, :1], x[:, :-1]], axis=1)

    cause = cause_of(CONTEXT, attending(values=lambda parts: repeated(parts.values)))
    assert cause.hypothesis == "values_shifted"
    assert "1 token before, and the token at the end repeats its own" in cause.sentence
