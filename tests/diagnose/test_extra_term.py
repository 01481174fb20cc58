"""Tensors added on top."""

from __future__ import annotations

import pytest
from numpy_decoder import Fault, graph_of, make_case, run
from planting import DTYPES, best_cause, number_in, qwen2

from parity.replay import replay
from parity.replay.arrays import Floats, widened
from parity.replay.replay import Reference


def adding(tap: str, other: str, factor: float, dtype: str) -> Fault:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        right = replay(reference, graph_of(reference)[tap], inputs)
        extra = widened(run(reference, dtype, seed=2)[other]).reshape(right.shape)
        return right + factor * extra

    return fault


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("tap", "other", "factor", "sentence"),
    [
        ("layers.1.resid_out", "layers.1.attn_out", 1, "layers.1.attn_out is added on top"),
        ("layers.1.resid_mid", "embed", -1, "embed is subtracted on top"),
        ("layers.1.attn_out", "layers.0.resid_out", 1, "layers.0.resid_out is added on top"),
        ("layers.1.mlp_out", "layers.1.resid_mid", 1, "layers.1.resid_mid is added on top"),
    ],
)
def test_the_tensor_is_named(tap: str, other: str, factor: float, sentence: str, dtype: str) -> None:
    cause = best_cause(make_case(qwen2(), tap, adding(tap, other, factor, dtype), dtype=dtype))
    assert (cause.hypothesis, cause.sentence) == ("extra_term", sentence)


def test_its_factor_is_solved() -> None:
    tap = "layers.1.resid_out"
    cause = best_cause(make_case(qwen2(), tap, adding(tap, "layers.0.mlp_out", 0.37, "float32")))
    assert number_in(r"^(\S+) times layers.0.mlp_out", cause.sentence) == pytest.approx(0.37, rel=1e-3)
