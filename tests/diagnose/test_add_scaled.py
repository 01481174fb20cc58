"""Additions with factors, which are solved for."""

from __future__ import annotations

import numpy as np
import pytest
from planting import DTYPES, cause_of, number_in, with_massive_activations

from parity.replay import Reference
from parity.replay.arrays import Floats

MID, OUT = "layers.1.resid_mid", "layers.1.resid_out"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        (1, 2, "layers.1.mlp_out is added 2 times"),
        (4, 1, "layers.1.resid_mid is added 4 times"),
        (1, -1, "layers.1.mlp_out is subtracted"),
        (-1, 1, "layers.1.resid_mid is subtracted"),
        (1, 0.5, "layers.1.mlp_out is added with the factor 0.5"),
    ],
)
def test_simple_factors_are_named(first: float, second: float, sentence: str, dtype: str) -> None:
    fault = lambda reference, inputs: first * inputs[0] + second * inputs[1]  # noqa: E731
    cause = cause_of(OUT, fault, dtype=dtype)
    assert (cause.hypothesis, cause.sentence, cause.fitted) == ("add_scaled", sentence, 0)


@pytest.mark.parametrize("factor", [0.22, 1.07])
def test_any_factor_is_solved(factor: float) -> None:
    fault = lambda reference, inputs: inputs[0] + factor * inputs[1]  # noqa: E731
    cause = cause_of(MID, fault, reference=with_massive_activations())
    assert cause.hypothesis == "add_scaled"
    assert number_in(r"with the factor (\S+)", cause.sentence) == pytest.approx(factor, rel=1e-3)


def test_both_factors_are_solved() -> None:
    cause = cause_of(MID, lambda reference, inputs: 0.7 * inputs[0] + 1.3 * inputs[1])
    assert cause.hypothesis == "add_scaled"
    assert (
        "layers.0.resid_out is added with the factor 0.7; layers.1.attn_out is added with the factor 1.3"
        in cause.sentence
    )


def test_the_rounding_of_one_massive_token_does_not_outweigh_all_others() -> None:
    """In fp16 the product is rounded before it is added, which at a massive channel is more than the whole fault."""

    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        output = inputs[0] + 0.997 * inputs[1]
        spacing = np.spacing(np.abs(output).astype(np.float16)).astype(np.float64)
        return np.where(np.abs(output) > 0.1 * np.abs(output).max(), output + spacing, output)

    cause = cause_of(OUT, fault, dtype="float16", reference=with_massive_activations())
    assert cause.hypothesis == "add_scaled"
    assert number_in(r"with the factor (\S+)", cause.sentence) == pytest.approx(0.997, rel=1e-2)
