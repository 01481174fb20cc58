"""Operations that read another tensor."""

from __future__ import annotations

import pytest
from numpy_decoder import Fault, graph_of, make_case, run
from planting import DTYPES, best_cause, qwen2, qwen3

from parity.replay import replay
from parity.replay.arrays import Floats, widened
from parity.replay.replay import Reference


def reading(tap: str, place: int, other: str, dtype: str) -> Fault:
    """`tap` with its input `place` taken from the candidate's `other`; both runs see the same rounding."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        captured = run(reference, dtype, seed=2)
        changed = list(inputs)
        changed[place] = widened(captured[other]).reshape(inputs[place].shape)
        return replay(reference, graph_of(reference)[tap], changed)

    return fault


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("tap", "place", "other"),
    [
        ("logits", 0, "layers.1.resid_out"),
        ("layers.1.q", 0, "layers.0.resid_out"),
        ("layers.1.gate", 0, "layers.1.input_norm"),
        ("layers.1.resid_mid", 0, "layers.1.input_norm"),
        ("layers.1.resid_out", 0, "layers.0.resid_out"),
        ("layers.1.resid_out", 1, "layers.1.attn_out"),
        ("layers.1.post_norm", 0, "layers.0.resid_out"),
        ("layers.1.act", 1, "layers.0.up"),
        ("layers.1.k_rope", 0, "layers.1.v"),
    ],
)
def test_the_tensor_is_named(tap: str, place: int, other: str, dtype: str) -> None:
    # The faulty run shares seed and faults with the clean one up to `tap`, so what was read is what was captured.
    case = make_case(qwen2(), tap, reading(tap, place, other, dtype), dtype=dtype)
    cause = best_cause(case)
    assert (cause.hypothesis, cause.sentence) == (
        "wrong_input",
        f"it reads {other} instead of {case.tap.inputs[place]}",
    )


def test_a_head_norm_that_reads_the_other_side() -> None:
    cause = best_cause(make_case(qwen3(), "layers.1.k_norm", reading("layers.1.k_norm", 0, "layers.1.v", "float32")))
    assert cause.sentence == "it reads layers.1.v instead of layers.1.k"
