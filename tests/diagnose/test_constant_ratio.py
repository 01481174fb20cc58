"""Outputs times a number."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of, changed_output, number_in, qwen3, with_massive_activations


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tap", ["layers.1.v", "layers.0.mlp_out", "layers.1.resid_mid", "logits"])
def test_the_factor_is_solved(tap: str, dtype: str) -> None:
    cause = cause_of(tap, changed_output(tap, lambda y: 1.07 * y), dtype=dtype, reference=qwen3())
    assert cause.hypothesis == "constant_ratio"
    assert number_in(r"the output is (\S+)", cause.sentence) == pytest.approx(1.07, rel=1e-3)


def test_where_a_factor_comes_from_is_told() -> None:
    fault = changed_output("layers.1.mlp_out", lambda y: 8 * y)
    assert "8 (√hidden)" in cause_of("layers.1.mlp_out", fault, reference=with_massive_activations()).sentence
