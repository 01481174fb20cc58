"""Planting another RoPE base; it is solved for, so no list of usual bases is needed."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy_decoder import Fault, make_case, make_reference

from parity.diagnose import HYPOTHESES, explain
from parity.replay.ops import rotary


def other_base(base: float) -> Fault:
    def fault(reference, inputs):  # type: ignore[no-untyped-def]
        half = reference.weights.settings.shape.head_dim // 2
        return rotary(inputs[0], reference.tokens.positions, base ** (-np.arange(half) / half))

    return fault


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("base", [1e4, 5e5, 7.3e6])
def test_the_base_is_solved(dtype: str, base: float) -> None:
    cause = explain(make_case(make_reference(), "layers.0.q_rope", other_base(base), dtype=dtype), HYPOTHESES)[0]
    assert cause.hypothesis == "rotary_base"
    assert cause.noise_ratio is not None
    assert cause.noise_ratio < 2
    solved = float(re.findall(r"RoPE base (\S+) instead of 1e\+06", cause.sentence)[0])
    assert solved == pytest.approx(base, rel=0.01)
