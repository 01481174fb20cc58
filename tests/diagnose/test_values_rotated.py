"""Values that are rotated like keys."""

from __future__ import annotations

import pytest
from attention_faults import attending
from planting import DTYPES, cause_of

from parity.replay.arrays import Floats
from parity.replay.ops import rotary
from parity.replay.replay import Reference


@pytest.mark.parametrize("dtype", DTYPES)
def test_it_is_named(dtype: str) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        q, k, v = inputs
        turned = rotary(v, reference.tokens.positions, reference.weights.settings.inverse_frequencies)
        return attending()(reference, (q, k, turned))

    cause = cause_of("layers.1.attn_ctx", fault, dtype=dtype)
    assert cause.hypothesis == "values_rotated"
    assert "RoPE is applied to v" in cause.sentence
