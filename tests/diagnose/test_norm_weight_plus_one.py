"""Weights that count from one, or from zero where they should not."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of, norm_weight

from parity.replay.arrays import Floats
from parity.replay.ops import rms_norm
from parity.replay.replay import Reference

POST = "layers.1.post_norm"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("added", "words"), [(1, "1 + weight"), (-1, "weight - 1")])
def test_the_offset_is_named(added: int, words: str, dtype: str) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return rms_norm(inputs[0], norm_weight(reference, POST) + added, epsilon=1e-6)

    cause = cause_of(POST, fault, dtype=dtype)
    assert cause.hypothesis == "norm_weight_plus_one"
    assert words in cause.sentence
