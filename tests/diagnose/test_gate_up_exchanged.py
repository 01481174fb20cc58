"""SiLU on the wrong half."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of

from parity.replay.ops import silu_mul


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tap", ["layers.0.act", "layers.1.act"])
def test_it_is_named(tap: str, dtype: str) -> None:
    cause = cause_of(tap, lambda reference, inputs: silu_mul(inputs[1], inputs[0]), dtype=dtype)
    assert cause.hypothesis == "gate_up_exchanged"
