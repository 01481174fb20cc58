"""Norms without their weight."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, qwen2, qwen3

from parity.replay.arrays import Floats
from parity.replay.ops import rms_norm
from parity.replay.replay import Reference


def bare(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    return rms_norm(inputs[0], np.ones(inputs[0].shape[-1]), epsilon=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("tap", "reference"), [("final_norm", qwen2), ("layers.1.q_norm", qwen3)])
def test_it_is_named(tap: str, reference, dtype: str) -> None:  # type: ignore[no-untyped-def]
    assert cause_of(tap, bare, dtype=dtype, reference=reference()).hypothesis == "norm_weight_missing"
