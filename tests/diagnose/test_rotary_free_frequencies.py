"""Planting frequencies without a rule."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import make_case, make_reference
from planting import DTYPES, cause_of, number_in, qwen3
from rotary_faults import turned

from parity.diagnose import HYPOTHESES, explain
from parity.replay.arrays import Floats


def scattered(omega: Floats) -> Floats:
    return omega * np.random.default_rng(3).uniform(0.5, 2, omega.size)


@pytest.mark.parametrize("dtype", DTYPES)
def test_frequencies_without_a_rule_are_described(dtype: str) -> None:
    cause = cause_of("layers.1.q_rope", turned(frequencies=scattered), dtype=dtype, reference=qwen3())
    assert cause.hypothesis == "rotary_frequencies"
    assert number_in(r"times ([0-9.]+),", cause.sentence) == pytest.approx(scattered(np.ones(16))[0], rel=0.01)
    assert cause.fitted >= 16


def test_a_prompt_of_two_tokens_is_not_explained_by_a_fit_of_every_pair() -> None:
    case = make_case(make_reference(lengths=(2, 2)), "layers.1.q_rope", turned(frequencies=scattered))
    assert all(cause.hypothesis != "rotary_frequencies" for cause in explain(case, HYPOTHESES))
