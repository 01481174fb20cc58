"""Other epsilons; their value is solved for."""

from __future__ import annotations

import pytest
from numpy_decoder import Fault
from planting import cause_of, norm_weight, number_in, with_massive_activations

from parity.replay.arrays import Floats
from parity.replay.ops import rms_norm
from parity.replay.replay import Reference

INPUT, POST = "layers.0.input_norm", "layers.1.post_norm"


def with_epsilon(tap: str, epsilon: float) -> Fault:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return rms_norm(inputs[0], norm_weight(reference, tap), epsilon=epsilon)

    return fault


@pytest.mark.parametrize(
    ("tap", "epsilon", "dtype"),
    [
        (INPUT, 1e-5, "float32"),
        (INPUT, 1e-5, "float16"),
        (INPUT, 1e-5, "bfloat16"),
        (INPUT, 3.3e-4, "float32"),
        (INPUT, 3.3e-4, "bfloat16"),
        (INPUT, 1e-7, "float32"),
        (POST, 1e-2, "float32"),
        (POST, 1e-3, "float32"),
    ],
)
def test_the_value_is_solved(tap: str, epsilon: float, dtype: str) -> None:
    cause = cause_of(tap, with_epsilon(tap, epsilon), dtype=dtype)
    assert cause.hypothesis == "norm_epsilon"
    precision = 0.01 if dtype == "float32" else 0.2
    assert number_in(r"epsilon (\S+) instead of 1e-06", cause.sentence) == pytest.approx(epsilon, rel=precision)


def test_a_missing_epsilon_is_named() -> None:
    cause = cause_of(INPUT, with_epsilon(INPUT, 0.0))
    assert (cause.hypothesis, cause.sentence) == ("norm_epsilon", "no epsilon instead of 1e-06")


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_massive_activations_do_not_hide_it(dtype: str) -> None:
    cause = cause_of(INPUT, with_epsilon(INPUT, 1e-5), dtype=dtype, reference=with_massive_activations())
    assert cause.hypothesis == "norm_epsilon"
