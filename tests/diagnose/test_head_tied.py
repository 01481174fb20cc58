"""A head that is the embedding."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of, weight_and_bias

from parity.replay.arrays import Floats
from parity.replay.ops import linear
from parity.replay.replay import Reference


def tied(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    return linear(inputs[0], weight_and_bias(reference, "embed")[0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_embedding_in_place_of_the_head_is_named(dtype: str) -> None:
    cause = cause_of("logits", tied, dtype=dtype)
    assert cause.hypothesis == "head_tied"
    assert cause.fitted == 0
