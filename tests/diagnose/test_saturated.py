"""Values cut off at a limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planting import DTYPES, best_cause, put_out

from parity.diagnose import SourceCase

DOWN = "layers.1.mlp_out"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("limit", [0.5, 1.0])
def test_the_limit_is_read_off(limit: float, dtype: str) -> None:
    cause = best_cause(put_out(DOWN, lambda y: y.clip(-limit, limit), dtype=dtype))
    assert cause.hypothesis == "saturated"
    assert f"values are cut off at {-limit:g} and {limit:g}" in cause.sentence


def test_one_side_alone() -> None:
    assert "values are cut off at 0.75 (" in best_cause(put_out(DOWN, lambda y: y.clip(None, 0.75))).sentence


def scaled(case: SourceCase, factor: float) -> SourceCase:
    """`case` in other units: a model with large activations."""
    assert case.floor is not None
    floor = replace(case.floor, error=case.floor.error * factor)
    return replace(case, predicted=case.predicted * factor, output=case.output * factor, floor=floor)


@pytest.mark.parametrize(("limit", "name"), [(65504.0, "fp16"), (448.0, "fp8 e4m3"), (57344.0, "fp8 e5m2")])
def test_limits_of_formats_are_named(limit: float, name: str) -> None:
    case = scaled(put_out("layers.1.resid_out", lambda y: y), limit / 2)
    case = replace(case, output=case.output.clip(-limit, limit), inputs=tuple(limit / 2 * x for x in case.inputs))
    cause = best_cause(case)
    assert cause.hypothesis == "saturated"
    assert f"{limit:.6g} (the largest of {name})" in cause.sentence
    assert np.abs(case.output).max() == limit
