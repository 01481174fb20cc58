"""Norms that divide by another statistic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy_decoder import Fault
from planting import DTYPES, cause_of, mean_square, norm_weight

from parity.replay.arrays import Floats
from parity.replay.replay import Reference

POST = "layers.1.post_norm"


def divided_by(statistic: Callable[[Floats], Floats]) -> Fault:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return inputs[0] / statistic(inputs[0]) * norm_weight(reference, POST)

    return fault


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("statistic", "words"),
    [
        (lambda x: mean_square(x) + 1e-6, "the mean square without its root"),
        (lambda x: (mean_square(x) + 1e-6) ** 0.75, "the mean square to the power 0.75"),
        (lambda x: np.abs(x).mean(axis=-1, keepdims=True) + 1e-6, "the mean magnitude"),
        (lambda x: np.abs(x).max(axis=-1, keepdims=True) + 1e-6, "the largest magnitude"),
    ],
)
def test_the_statistic_is_named(statistic: Callable[[Floats], Floats], words: str, dtype: str) -> None:
    cause = cause_of(POST, divided_by(statistic), dtype=dtype)
    assert cause.hypothesis == "norm_statistic"
    assert words in cause.sentence
