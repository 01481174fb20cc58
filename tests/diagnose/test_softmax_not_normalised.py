"""Planting a softmax without its division, or applied twice."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import SCORES_TOO, Bools, attending, softmax, weighting
from numpy_decoder import make_case
from planting import best_cause, cause_of, qwen2

from parity.replay.arrays import Floats

CONTEXT = "layers.1.attn_ctx"
PROBS = "layers.1.probs"


def exponentials(scores: Floats, seen: Bools) -> Floats:
    return np.where(seen, np.exp(scores), 0.0)


def shifted(scores: Floats, seen: Bools) -> Floats:
    visible = np.where(seen, scores, -np.inf)
    return np.exp(visible - visible.max(axis=-1, keepdims=True))


def divided_by_count(scores: Floats, seen: Bools) -> Floats:
    return softmax(scores, seen) / seen.sum(axis=-1, keepdims=True)


WEIGHTS = {
    "the weights are exp(score)": exponentials,
    "the weights are exp(score - highest score)": shifted,
    "divided by the number of keys": divided_by_count,
    "the weights are the scores themselves": lambda scores, seen: np.where(seen, scores, 0.0),
    "applied twice": lambda scores, seen: softmax(softmax(scores, seen), seen),
}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("words", WEIGHTS)
def test_it_is_named(words: str, dtype: str) -> None:
    cause = cause_of(CONTEXT, attending(weights=WEIGHTS[words]), dtype=dtype)
    assert cause.hypothesis == "softmax_not_normalised"
    assert words in cause.sentence


def test_probabilities_show_it_too() -> None:
    cause = best_cause(make_case(qwen2(), PROBS, weighting(exponentials), taps=SCORES_TOO))
    assert cause.hypothesis == "softmax_not_normalised"
