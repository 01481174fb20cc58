"""Weights of other norms."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of, norm_weight, qwen2, qwen3

from parity.replay.arrays import Floats
from parity.replay.ops import rms_norm
from parity.replay.replay import Reference


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("tap", "other", "reference"),
    [
        ("layers.1.post_norm", "layers.1.input_norm", qwen2),
        ("layers.0.input_norm", "layers.1.input_norm", qwen2),
        ("final_norm", "layers.0.post_norm", qwen2),
        ("layers.1.q_norm", "layers.1.k_norm", qwen3),
    ],
)
def test_the_other_norm_is_named(tap: str, other: str, reference, dtype: str) -> None:  # type: ignore[no-untyped-def]
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return rms_norm(inputs[0], norm_weight(reference, other), epsilon=1e-6)

    cause = cause_of(tap, fault, dtype=dtype, reference=reference())
    assert (cause.hypothesis, cause.sentence) == ("norm_weight_of_another_tap", f"the weight is that of {other}")
