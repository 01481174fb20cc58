"""Epsilons in the wrong place."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import Fault
from planting import DTYPES, cause_of, mean_square, norm_weight, number_in

from parity.replay.arrays import Floats
from parity.replay.replay import Reference

INPUT = "layers.0.input_norm"


def dividing(divisor):  # type: ignore[no-untyped-def]
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return inputs[0] / divisor(mean_square(inputs[0])) * norm_weight(reference, INPUT)

    return fault


@pytest.mark.parametrize("dtype", DTYPES)
def test_outside_the_root_with_another_value(dtype: str) -> None:
    fault: Fault = dividing(lambda square: np.sqrt(square) + 1e-3)
    cause = cause_of(INPUT, fault, dtype=dtype)
    assert cause.hypothesis == "norm_epsilon_place"
    assert number_in(r"added to the root, not under it, and is (\S+) instead", cause.sentence) == pytest.approx(
        1e-3, rel=0.05
    )


@pytest.mark.parametrize(
    ("divisor", "words"),
    [
        (lambda square: np.sqrt(square) + 1e-6, "epsilon is added to the root, not under it"),
        (lambda square: np.sqrt(np.maximum(square, 4e-4)), "from below"),
        (lambda square: 1 / (1 / np.sqrt(square) + 0.2), "is added to the inverse root"),
    ],
)
def test_each_place_is_told_in_fp32(divisor, words: str) -> None:  # type: ignore[no-untyped-def]
    cause = cause_of(INPUT, dividing(divisor))
    assert cause.hypothesis == "norm_epsilon_place"
    assert words in cause.sentence
