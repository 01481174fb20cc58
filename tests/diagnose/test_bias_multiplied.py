"""A bias that is added by every rank, or with a factor; the factor is solved for."""

from __future__ import annotations

import pytest
from planting import DTYPES, altered, cause_of, number_in

Q = "layers.1.q"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("times", [2, 3, 8])
def test_ranks_that_each_add_the_bias_are_counted(times: int, dtype: str) -> None:
    cause = cause_of(Q, altered(Q, lambda weight, bias: (weight, times * bias)), dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("bias_multiplied", f"the bias is added {times} times")
    assert cause.fitted == 0


@pytest.mark.parametrize("factor", [0.125, 1.37, -2.6])
def test_any_factor_is_solved(factor: float) -> None:
    cause = cause_of(Q, altered(Q, lambda weight, bias: (weight, factor * bias)))
    assert cause.hypothesis == "bias_multiplied"
    assert number_in(r"multiplied by (\S+)", cause.sentence) == pytest.approx(factor, rel=1e-3)


def test_a_wrong_sign_is_named() -> None:
    assert cause_of(Q, altered(Q, lambda weight, bias: (weight, -bias))).sentence == "the bias is subtracted"
