"""Norms that divide by another statistic of the vector than the root of its mean square."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy_decoder import Fault
from planting import DTYPES, cause_of, norm_weight

from parity.replay.arrays import Floats
from parity.replay.replay import Reference

POST = "layers.1.post_norm"


def dividing(divisor: Callable[[Floats], Floats]) -> Fault:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        output: Floats = inputs[0] / divisor(inputs[0])[..., None] * norm_weight(reference, POST)
        return output

    return fault


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("divisor", "words"),
    [
        (lambda x: (x**2).mean(axis=-1) + 1e-6, "the mean square (the root is missing)"),
        (lambda x: (x**2).mean(axis=-1), "the mean square (the root is missing)"),
        (lambda x: np.abs(x).mean(axis=-1), "the mean magnitude"),
        (lambda x: np.abs(x).max(axis=-1), "the largest magnitude"),
        (lambda x: np.sqrt((x[..., :32] ** 2).mean(axis=-1) + 1e-6), "only the first 32 of 64 are summed"),
        (lambda x: np.sqrt((x[..., -40:] ** 2).mean(axis=-1) + 1e-6), "only the last 40 of 64 are summed"),
        (
            lambda x: np.sqrt((x[..., :48] ** 2).sum(axis=-1) / 64 + 1e-6),
            "only the first 48 of 64 are summed, divided by all 64",
        ),
    ],
)
def test_the_statistic_is_named(divisor: Callable[[Floats], Floats], words: str, dtype: str) -> None:
    cause = cause_of(POST, dividing(divisor), dtype=dtype)
    assert cause.hypothesis == "norm_statistic"
    assert words in cause.sentence
