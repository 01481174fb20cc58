"""Planting a q or k that is not rotated."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("which", ["q", "k"])
def test_it_is_named(which: str, dtype: str) -> None:
    cause = cause_of(f"layers.1.{which}_rope", lambda reference, inputs: inputs[0], dtype=dtype)
    assert cause.hypothesis == "rotary_missing"
    assert cause.sentence.startswith(f"{which} is not rotated")
