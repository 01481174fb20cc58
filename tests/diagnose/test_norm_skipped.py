"""Norms that are left out."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of, norm_weight, qwen3

from parity.replay.arrays import Floats
from parity.replay.replay import Reference


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("tap", "source"), [("layers.1.q_norm", "layers.1.q"), ("final_norm", "layers.1.resid_out")])
def test_what_is_put_out_instead_is_named(tap: str, source: str, dtype: str) -> None:
    cause = cause_of(tap, lambda reference, inputs: inputs[0], dtype=dtype, reference=qwen3())
    assert (cause.hypothesis, cause.sentence) == ("norm_skipped", f"the norm is missing: the output is {source}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_weight_that_is_applied_all_the_same_is_told(dtype: str) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return inputs[0] * norm_weight(reference, "layers.1.post_norm")

    cause = cause_of("layers.1.post_norm", fault, dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("norm_skipped", "not normalised, only multiplied by the weight")
