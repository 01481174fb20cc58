"""Planting attention to later tokens."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import SCORES_TOO, attending, distances, softmax, weighting
from numpy_decoder import make_case
from planting import DTYPES, best_cause, cause_of, qwen2

CONTEXT = "layers.1.attn_ctx"
PROBS = "layers.1.probs"


MASKS = {
    "tokens see the whole prompt": lambda parts: np.broadcast_to(parts.real[:, None, None], parts.seen.shape),
    "the whole batch row, padding too": lambda parts: np.ones_like(parts.seen),
    "upside down": lambda parts: (distances(parts) <= 0) & parts.real[:, None, None],
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("words", MASKS)
def test_it_is_named(words: str, dtype: str) -> None:
    cause = cause_of(CONTEXT, attending(seen=MASKS[words]), dtype=dtype)
    assert cause.hypothesis == "causal_mask_missing"
    assert words in cause.sentence
    assert cause.fitted == 0


def test_probabilities_show_it_too() -> None:
    fault = weighting(softmax, seen=MASKS["tokens see the whole prompt"])
    cause = best_cause(make_case(qwen2(), PROBS, fault, taps=SCORES_TOO))
    assert cause.hypothesis == "causal_mask_missing"
