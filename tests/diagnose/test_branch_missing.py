"""Blocks whose output is not added."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("tap", "branch"), [("layers.1.resid_mid", "attn_out"), ("layers.0.resid_out", "mlp_out")])
def test_it_is_named(tap: str, branch: str, dtype: str) -> None:
    cause = cause_of(tap, lambda reference, inputs: inputs[0], dtype=dtype)
    assert cause.hypothesis == "branch_missing"
    assert f"{branch} is not added" in cause.sentence
