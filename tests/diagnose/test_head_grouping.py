"""Planting query heads that read other key heads."""

from __future__ import annotations

import pytest
from attention_faults import SCORES_TOO, attending
from numpy_decoder import Fault, graph_of, make_case
from planting import DTYPES, best_cause, cause_of, qwen2

from parity.replay import Reference, replay
from parity.replay.arrays import Floats

CONTEXT = "layers.1.attn_ctx"
SCORES = "layers.1.scores"


def reading(heads: list[int]) -> Fault:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        q, k, v = inputs
        return attending()(reference, (q, k[:, :, heads], v[:, :, heads]))

    return fault


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("heads", "words"),
    [
        ([0, 1, 0, 1], "interleaved (h mod 2) instead of in blocks (h div 2)"),
        ([0, 0, 0, 0], "all to the first"),
        ([1, 1, 0, 0], "in reverse"),
        ([0, 1, 1, 1], "query head 1 reads key and value head 1"),
    ],
)
def test_it_is_named(heads: list[int], words: str, dtype: str) -> None:
    cause = cause_of(CONTEXT, reading(heads), dtype=dtype)
    assert cause.hypothesis == "head_grouping"
    assert words in cause.sentence


def test_scores_show_it_too() -> None:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        q, k = inputs
        return replay(reference, graph_of(reference)[SCORES], (q, k[:, :, [0, 1, 0, 1]]))

    cause = best_cause(make_case(qwen2(), SCORES, fault, taps=SCORES_TOO))
    assert cause.hypothesis == "head_grouping"
