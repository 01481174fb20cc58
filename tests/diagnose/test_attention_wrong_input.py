"""Attention that reads another tensor."""

from __future__ import annotations

import pytest
from numpy_decoder import Fault, graph_of, make_case, run
from planting import DTYPES, best_cause, qwen2

from parity.replay import replay
from parity.replay.arrays import Floats, widened
from parity.replay.ops import rotary
from parity.replay.replay import Reference

CONTEXT = "layers.1.attn_ctx"


def reading(place: int, other: str, dtype: str) -> Fault:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        changed = list(inputs)
        changed[place] = widened(run(reference, dtype, seed=2)[other]).reshape(inputs[place].shape)
        return replay(reference, graph_of(reference)[CONTEXT], changed)

    return fault


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("place", "other"),
    [(0, "layers.1.q"), (1, "layers.1.k"), (1, "layers.0.k_rope"), (2, "layers.0.v"), (2, "layers.1.k_rope")],
)
def test_the_tensor_is_named(place: int, other: str, dtype: str) -> None:
    case = make_case(qwen2(), CONTEXT, reading(place, other, dtype), dtype=dtype)
    cause = best_cause(case)
    assert cause.hypothesis == "attention_wrong_input"
    assert cause.sentence == f"attention reads {other} instead of {case.tap.inputs[place]}"


def test_keys_that_are_rotated_once_more_are_named() -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        q, k, v = inputs
        turned = rotary(k, reference.tokens.positions, reference.weights.settings.inverse_frequencies)
        return replay(reference, graph_of(reference)[CONTEXT], (q, turned, v))

    cause = best_cause(make_case(qwen2(), CONTEXT, fault))
    assert cause.sentence == "attention rotates k once more"
