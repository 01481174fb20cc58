"""Values beyond fp16 that become infinite."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planting import put_out

from parity.diagnose import HYPOTHESES, SourceCase, describe, explain

OUT = "layers.1.resid_out"


def overflowing(size: float) -> SourceCase:
    """A residual addition of values of about `size`, stored in fp16."""
    case = put_out(OUT, lambda y: y, dtype="float16")
    with np.errstate(over="ignore"):
        output = (case.predicted * size).astype(np.float16).astype(np.float64)
    return replace(case, predicted=case.predicted * size, output=output, inputs=tuple(size * x for x in case.inputs))


@pytest.mark.parametrize("size", [1.5e4, 3e4])
def test_how_many_and_where_is_told(size: float) -> None:
    case = overflowing(size)
    cause = explain(case, HYPOTHESES)[0]
    bad = ~np.isfinite(case.output[case.reference.tokens.mask])
    assert cause.hypothesis == "overflowed"
    assert cause.explained_share == 1
    token, channel = np.argwhere(bad)[0]
    assert f"{bad.sum()} of {bad.size} values overflow fp16" in cause.sentence
    assert f"in channel {channel} of token {token}" in cause.sentence


def test_nan_is_not_called_overflow() -> None:
    case = put_out(OUT, lambda y: np.where(np.arange(64) == 3, np.nan, y))
    assert explain(case, HYPOTHESES) == ()
    assert "68 of 4352 values are not finite, the first in channel 3 of token 0" in describe(case)


def test_a_limit_that_is_no_format_is_solved_for() -> None:
    case = put_out(OUT, lambda y: np.where(np.abs(y) > 1.7, np.copysign(np.inf, y), y))
    cause = explain(case, HYPOTHESES)[0]
    assert cause.hypothesis == "overflowed"
    assert cause.explained_share == 1
    assert "all from 1.7" in cause.sentence
