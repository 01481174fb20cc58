"""Embeddings with a factor."""

from __future__ import annotations

import pytest
from planting import DTYPES, cause_of, changed_output, number_in, with_massive_activations


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_root_of_the_width_is_named(dtype: str) -> None:
    cause = cause_of("embed", changed_output("embed", lambda y: 8 * y), dtype=dtype)
    assert (cause.hypothesis, cause.sentence) == ("embedding_scaled", "the embedding is multiplied by 8 (√hidden)")


@pytest.mark.parametrize("factor", [0.1, 1.3, 12.0])
def test_any_factor_is_solved(factor: float) -> None:
    fault = changed_output("embed", lambda y: factor * y)
    cause = cause_of("embed", fault, reference=with_massive_activations())
    assert cause.hypothesis == "embedding_scaled"
    assert number_in(r"multiplied by (\S+)", cause.sentence) == pytest.approx(factor, rel=1e-3)
