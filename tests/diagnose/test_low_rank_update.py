"""Planting weights that differ by a matrix of low rank."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import make_reference
from planting import altered, cause_of, changed_output, number_in, put_out

from parity.diagnose import HYPOTHESES, explain

DOWN, GATE = "layers.1.mlp_out", "layers.1.gate"
LONG = make_reference(lengths=(90, 60))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("tap", [DOWN, GATE])
@pytest.mark.parametrize("rank", [1, 4])
def test_the_rank_is_found(tap: str, rank: int, dtype: str) -> None:
    rng = np.random.default_rng(4)
    fault = altered(
        tap,
        lambda w, b: (
            w + 0.3 * w.std() * rng.standard_normal((len(w), rank)) @ rng.standard_normal((rank, w.shape[1])),
            b,
        ),
    )
    cause = cause_of(tap, fault, dtype=dtype, reference=LONG)
    assert cause.hypothesis == "low_rank_update"
    assert number_in(r"lies in (\d+) direction", cause.sentence) == rank


def test_the_same_vector_at_every_token_is_rather_called_that() -> None:
    added = np.random.default_rng(1).standard_normal(64)
    assert cause_of(DOWN, changed_output(DOWN, lambda y: y + added), reference=LONG).hypothesis == "constant_offset"


def test_an_error_in_all_directions_is_none_of_it() -> None:
    rng = np.random.default_rng(2)
    case = put_out(DOWN, lambda y: y + 0.3 * rng.standard_normal(y.shape), reference=LONG)

    assert "low_rank_update" not in [cause.hypothesis for cause in explain(case, HYPOTHESES)]
