"""Biases that belong elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, weight_and_bias

from parity.replay.arrays import Floats
from parity.replay.ops import linear
from parity.replay.replay import Reference

KINDS = ("q", "k", "v")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("tap", "other"), [("layers.1.k", "layers.1.v"), ("layers.1.q", "layers.0.q"), ("layers.0.v", "layers.1.k")]
)
def test_the_other_tap_is_named(tap: str, other: str, dtype: str) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return linear(inputs[0], weight_and_bias(reference, tap)[0], weight_and_bias(reference, other)[1])

    cause = cause_of(tap, fault, dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("bias_of_another_tap", f"the bias is that of {other}")


@pytest.mark.parametrize("start", [1, 16, 64])
def test_a_wrong_part_of_the_fused_bias_is_named(start: int) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        fused = np.concatenate([weight_and_bias(reference, f"layers.1.{kind}")[1] for kind in KINDS])
        return linear(inputs[0], weight_and_bias(reference, "layers.1.q")[0], fused[start : start + 64])

    cause = cause_of("layers.1.q", fault)
    assert cause.hypothesis == "bias_of_another_tap"
    assert f"rows {start}–{start + 63} of the fused q, k, v" in cause.sentence
