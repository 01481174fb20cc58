"""A case at some of its tokens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy_decoder import make_case, make_reference
from planting import changed_output, qwen2

from parity.diagnose import SourceCase
from parity.diagnose.thinning import is_tokenwise, thinned
from parity.replay import replay

POST, ROPE = "layers.1.post_norm", "layers.1.q_rope"


def long_case(tap: str = POST) -> SourceCase:
    """Only tokens 100 to 109 of the first prompt err."""
    reference = make_reference(lengths=(130, 50))

    def change(y: np.ndarray) -> np.ndarray:
        y = y.copy()
        y[0, 100:110] *= 1.5
        return y

    return make_case(reference, tap, changed_output(tap, change))


def test_what_errs_most_is_kept_and_the_rest_is_spread() -> None:
    thin = thinned(long_case())
    assert thin.output.shape == (1, 48, 64)
    assert thin.reference.tokens.mask.all()
    off = np.abs(thin.residual).max(axis=(0, 2)) > 1e-3
    assert off.sum() == 10
    assert len(np.unique(thin.reference.tokens.positions)) > 30


def test_everything_is_taken_at_the_same_tokens() -> None:
    case = long_case()
    thin = thinned(case)
    assert np.allclose(replay(thin.reference, thin.tap, thin.inputs), thin.predicted)
    assert np.array_equal(thin.candidate[POST].astype(np.float64), thin.output)
    assert np.array_equal(thin.truth["embed"].shape, (1, 48, 64))
    assert set(thin.candidate) == set(case.candidate)
    assert thin.floor is not None
    assert thin.floor.error.shape == (48,)


def test_it_is_made_once() -> None:
    case = long_case()
    assert thinned(case) is thinned(case)


def test_short_cases_and_operations_across_tokens_stay_whole() -> None:
    short = make_case(qwen2(), POST, changed_output(POST, lambda y: 2 * y))
    assert thinned(short) is short
    rotary = long_case(ROPE)
    assert not is_tokenwise(rotary)
    assert thinned(rotary) is rotary


def test_scores_are_not_among_thin_captures() -> None:
    case = long_case()
    scores = np.zeros((2, 4, 130, 130), dtype=np.float32)
    thin = thinned(replace(case, candidate={**case.candidate, "layers.1.scores": scores}))
    assert "layers.1.scores" not in thin.candidate
    with pytest.raises(KeyError):
        thin.candidate["layers.1.scores"]
