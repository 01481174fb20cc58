"""Outputs that are another tensor."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import run
from planting import DTYPES, best_cause, put_out, qwen2, qwen3

from parity.replay.arrays import widened


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("tap", "other"),
    [
        ("layers.1.k", "layers.1.k_rope"),
        ("layers.1.q", "layers.1.attn_ctx"),
        ("layers.1.resid_out", "layers.1.resid_mid"),
        ("layers.0.gate", "layers.0.up"),
        ("layers.0.attn_out", "embed"),
        ("layers.1.attn_ctx", "layers.0.attn_ctx"),
    ],
)
def test_the_candidates_own_tap_is_named(tap: str, other: str, dtype: str) -> None:
    captured = widened(run(qwen2(), dtype, seed=2)[other])
    cause = best_cause(put_out(tap, lambda y: captured.reshape(y.shape), dtype=dtype))
    if (tap, other) == ("layers.1.resid_out", "layers.1.resid_mid"):
        assert cause.hypothesis == "branch_missing"
    elif (tap, other) == ("layers.0.gate", "layers.0.up"):  # with its weights, an engine would put out the same
        assert cause.hypothesis == "weights_of_another_tap"
    else:
        assert (cause.hypothesis, cause.sentence) == (
            "equals_another_tap",
            f"the output is the candidate's own {other}",
        )


def test_the_references_tap_is_named() -> None:
    truth = run(qwen3(), "float64")["layers.0.v"]
    cause = best_cause(put_out("layers.1.v", lambda y: truth, reference=qwen3()))
    assert cause.hypothesis == "equals_another_tap"
    assert "layers.0.v" in cause.sentence
    assert np.isfinite(cause.explained_share)
