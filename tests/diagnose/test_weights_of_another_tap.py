"""Weights that belong to another linear map."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of, weight_and_bias

from parity.replay.arrays import Floats
from parity.replay.ops import linear
from parity.replay.replay import Reference

PAIRS = [
    ("layers.1.k", "layers.1.v"),
    ("layers.0.v", "layers.0.k"),
    ("layers.1.gate", "layers.1.up"),
    ("layers.1.mlp_out", "layers.0.mlp_out"),
    ("layers.0.q", "layers.1.q"),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("tap", "other"), PAIRS)
def test_the_other_tap_is_named(tap: str, other: str, dtype: str) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return linear(inputs[0], *weight_and_bias(reference, other))

    cause = cause_of(tap, fault, dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("weights_of_another_tap", f"the weights are those of {other}")


def test_a_bias_that_stayed_is_mentioned() -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return linear(
            inputs[0], weight_and_bias(reference, "layers.1.v")[0], weight_and_bias(reference, "layers.1.k")[1]
        )

    cause = cause_of("layers.1.k", fault)
    assert cause.sentence == "the weights are those of layers.1.v, with the bias of layers.1.k"


def test_k_and_v_exchanged_everywhere_are_both_named() -> None:
    def exchanged(other: str):  # type: ignore[no-untyped-def]
        return lambda reference, inputs: linear(inputs[0], *weight_and_bias(reference, other))

    faults = {f"layers.{i}.{a}": exchanged(f"layers.{i}.{b}") for i in (0, 1) for a, b in (("k", "v"), ("v", "k"))}
    for tap, fault in faults.items():
        assert cause_of(tap, fault, everywhere=faults).hypothesis == "weights_of_another_tap"
