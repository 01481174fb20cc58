"""Linear maps with weights that no one knows."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy_decoder import make_case, make_reference
from planting import DTYPES, altered, cause_of

from parity.diagnose import HYPOTHESES, explain
from parity.replay.arrays import Floats
from parity.replay.replay import Reference


@cache
def many_tokens() -> Reference:
    return make_reference(lengths=(160, 80))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_random_head_is_described(dtype: str) -> None:
    other = np.random.default_rng(5).normal(0, 0.1, (80, 64))
    fault = altered("logits", lambda weight, bias: (other, bias))
    cause = cause_of("logits", fault, dtype=dtype, reference=many_tokens())
    assert cause.hypothesis == "other_weights"
    assert cause.sentence.startswith("logits is a linear head of its input")


def test_the_distance_of_the_weights_is_told() -> None:
    change = np.random.default_rng(5).standard_normal((32, 64))

    def nearly(weight: Floats, bias: Floats) -> tuple[Floats, Floats]:
        return weight + 0.02 * change * np.linalg.norm(weight) / np.linalg.norm(change), bias

    cause = cause_of("layers.1.k", altered("layers.1.k", nearly), reference=many_tokens())
    assert cause.hypothesis == "other_weights"
    assert "with weights 0.02 away" in cause.sentence


def test_noise_is_not_fitted() -> None:
    rng = np.random.default_rng(6)
    noisy = make_case(many_tokens(), "layers.1.k", lambda reference, inputs: rng.standard_normal((2, 160, 32)))
    assert not any(cause.hypothesis == "other_weights" for cause in explain(noisy, HYPOTHESES))
