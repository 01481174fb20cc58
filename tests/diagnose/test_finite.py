"""Infinities that came in are no fault of the operation that they meet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy_decoder import make_case
from planting import changed_output, qwen2

from parity.diagnose import HYPOTHESES, SourceCase, describe, explain
from parity.diagnose.finite import tokens_with_bad_inputs, with_finite_inputs

DOWN = "layers.1.mlp_out"


def with_bad_tokens(*places: int, tap: str = DOWN) -> SourceCase:
    """A doubled output; at some places of the first prompt NaN came in and went out."""
    case = make_case(qwen2(), tap, changed_output(tap, lambda y: 2 * y))
    output, predicted = case.output.copy(), case.predicted.copy()
    output[0, list(places)] = np.nan
    predicted[0, list(places)] = np.nan
    return replace(case, output=output, predicted=predicted)


def test_the_other_tokens_are_explained() -> None:
    case = with_bad_tokens(0, 7)
    assert np.flatnonzero(tokens_with_bad_inputs(case)).tolist() == [0, 7]
    cause = explain(case, HYPOTHESES)[0]
    assert cause.hypothesis == "constant_ratio"
    assert cause.noise_ratio is not None
    assert cause.noise_ratio < 2


def test_where_it_came_in_is_told() -> None:
    assert "At tokens 0, 7 what came in is not finite" in describe(with_bad_tokens(0, 7))


def test_a_finite_case_stays_as_it_is() -> None:
    case = with_bad_tokens()
    assert with_finite_inputs(case) is case


@pytest.mark.parametrize("case", [with_bad_tokens(*range(48)), with_bad_tokens(0, tap="layers.1.q_rope")])
def test_nothing_is_said_without_a_token_left_or_of_operations_across_tokens(case: SourceCase) -> None:
    assert with_finite_inputs(case) is None
    assert explain(case, HYPOTHESES) == ()
