"""Planting scores with another scale, in the context, the scores and the softmax."""

from __future__ import annotations

import numpy as np
import pytest
from attention_faults import SCORES_TOO, attending, softmax, weighting
from numpy_decoder import graph_of, make_case
from planting import DTYPES, best_cause, cause_of, number_in, qwen2, qwen3

from parity.replay import Reference, replay
from parity.replay.arrays import Floats

CONTEXT = "layers.1.attn_ctx"
PROBS = "layers.1.probs"
SCORES = "layers.1.scores"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("factor", [1.3, 0.7771, 2.0**0.25])
def test_the_factor_is_solved(factor: float, dtype: str) -> None:
    cause = cause_of(CONTEXT, attending(scores=lambda parts: factor * parts.scores), dtype=dtype)
    assert cause.hypothesis == "attention_scale"
    assert number_in(r"scaled by (\S+) times", cause.sentence) == pytest.approx(factor, rel=0.02)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_one_percent_is_seen(dtype: str) -> None:
    cause = cause_of(CONTEXT, attending(scores=lambda parts: 1.01 * parts.scores), dtype=dtype)
    assert cause.hypothesis == "attention_scale"
    assert number_in(r"scaled by (\S+) times", cause.sentence) == pytest.approx(1.01, rel=1e-3)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (1.0, "scores are not scaled (1 instead of 0.25)"),
        (1 / 16, "scaled twice"),
        (0.25 * np.log(2), "base 2 without the factor log₂e"),
        (1 / np.sqrt(32), "√(2·head_dim)"),
        (1 / 8, "√hidden"),
        (1 / 2, "root of the root"),
        (4.0, "multiplied by √head_dim"),
    ],
)
def test_usual_mistakes_are_named(scale: float, words: str, dtype: str) -> None:
    cause = cause_of(CONTEXT, attending(scores=lambda parts: scale / parts.scale * parts.scores), dtype=dtype)
    assert cause.hypothesis == "attention_scale"
    assert words in cause.sentence
    assert cause.fitted == 0


def test_hidden_over_heads_is_named_where_head_dim_is_another_number() -> None:
    cause = cause_of(CONTEXT, attending(scores=lambda parts: np.sqrt(2) * parts.scores), reference=qwen3())
    assert "√(hidden/heads)" in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
def test_scores_and_probabilities_show_it_too(dtype: str) -> None:
    def scores(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        return 1.3 * replay(reference, graph_of(reference)[SCORES], inputs)

    for tap, fault in ((SCORES, scores), (PROBS, weighting(lambda s, seen: softmax(1.3 * s, seen)))):
        cause = best_cause(make_case(qwen2(), tap, fault, dtype=dtype, taps=SCORES_TOO))
        assert cause.hypothesis == "attention_scale"
        assert "1.3 times" in cause.sentence
