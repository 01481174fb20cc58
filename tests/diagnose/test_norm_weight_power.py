"""Weights applied twice, divided by, or raised to another power; the power is solved for."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of, norm_weight, number_in

from parity.replay.arrays import Floats
from parity.replay.ops import rms_norm
from parity.replay.replay import Reference

POST = "layers.1.post_norm"


def powered(power: float):  # type: ignore[no-untyped-def]
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return rms_norm(inputs[0], norm_weight(reference, POST) ** power, epsilon=1e-6)

    return fault


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("power", "sentence"), [(2, "the weight is applied twice"), (-1, "divided by the weight")])
def test_usual_mistakes_have_names(power: int, sentence: str, dtype: str) -> None:
    cause = cause_of(POST, powered(power), dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("norm_weight_power", sentence)


@pytest.mark.parametrize("power", [0.7, 1.9])
def test_any_power_is_solved(power: float) -> None:
    cause = cause_of(POST, powered(power))
    assert number_in(r"raised to the power (\S+)", cause.sentence) == pytest.approx(power, rel=0.01)
