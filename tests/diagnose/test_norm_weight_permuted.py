"""Weights of norms whose entries stand elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, norm_weight, qwen3

from parity.replay.arrays import Floats
from parity.replay.ops import rms_norm
from parity.replay.replay import Reference


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_shift_is_solved(dtype: str) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return rms_norm(inputs[0], np.roll(norm_weight(reference, "final_norm"), 2), epsilon=1e-6)

    cause = cause_of("final_norm", fault, dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("norm_weight_permuted", "the entries of the weight are shifted by -2")


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_interleaved_layout_of_a_head_norm_is_named(dtype: str) -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        weight = norm_weight(reference, "layers.1.k_norm").reshape(2, 16).T.ravel()
        return rms_norm(inputs[0], weight, epsilon=1e-6)

    cause = cause_of("layers.1.k_norm", fault, dtype=dtype, reference=qwen3())
    assert cause.hypothesis == "norm_weight_permuted"
    assert "halves read as pairs" in cause.sentence
