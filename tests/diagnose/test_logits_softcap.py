"""Capped logits; the cap is solved for."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, changed_output, number_in


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("cap", [1.7, 5.0])
def test_the_cap_is_solved(cap: float, dtype: str) -> None:
    cause = cause_of("logits", changed_output("logits", lambda y: cap * np.tanh(y / cap)), dtype=dtype)
    assert cause.hypothesis == "logits_softcap"
    assert number_in(r"capped by (\S+)·tanh", cause.sentence) == pytest.approx(cap, rel=0.01)


def test_a_cap_far_above_the_logits_shows_in_fp32() -> None:
    cause = cause_of("logits", changed_output("logits", lambda y: 30 * np.tanh(y / 30)))
    assert "capped by 30·tanh" in cause.sentence
