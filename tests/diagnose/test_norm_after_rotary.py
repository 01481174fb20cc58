"""Head norms after the rotary embedding."""

from __future__ import annotations

import pytest
from numpy_decoder import graph_of
from planting import DTYPES, cause_of, norm_weight, qwen3

from parity.replay import replay
from parity.replay.arrays import Floats
from parity.replay.ops import rms_norm
from parity.replay.replay import Reference


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["q", "k"])
def test_the_order_is_named(kind: str, dtype: str) -> None:
    tap = f"layers.1.{kind}_norm"

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        rotated = replay(reference, graph_of(reference)[f"layers.1.{kind}_rope"], inputs)
        return rms_norm(rotated, norm_weight(reference, tap), epsilon=1e-6)

    assert cause_of(tap, fault, dtype=dtype, reference=qwen3()).hypothesis == "norm_after_rotary"
