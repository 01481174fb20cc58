"""Weights that differ by a matrix of low rank."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from numpy_decoder import QWEN2, make_case, make_reference
from planting import altered, cause_of, changed_output, qwen2

from parity.diagnose import HYPOTHESES, explain
from parity.diagnose.hypotheses.low_rank import LOW_RANK
from parity.replay.arrays import Floats

GATE = "layers.1.gate"


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("rank", [2, 4])
def test_the_rank_is_read_off_the_error(rank: int, dtype: str) -> None:
    def change(weight: Floats, bias: Floats | None) -> tuple[Floats, Floats | None]:
        rng = np.random.default_rng(rank)
        left, right = rng.normal(size=(len(weight), rank)), rng.normal(size=(rank, weight.shape[1]))
        return weight + 0.3 * left @ right / weight.shape[1] ** 0.5, bias

    cause = cause_of(GATE, altered(GATE, change), dtype=dtype)
    assert cause.hypothesis == "low_rank"
    assert f"a matrix of rank {rank}" in cause.sentence


def test_weights_that_differ_in_every_direction_are_not_of_low_rank() -> None:
    def change(weight: Floats, bias: Floats | None) -> tuple[Floats, Floats | None]:
        return weight + 0.1 * np.random.default_rng(0).normal(size=weight.shape), bias

    causes = explain(make_case(qwen2(), GATE, altered(GATE, change)), HYPOTHESES)
    assert "low_rank" not in {cause.hypothesis for cause in causes}


def test_a_tile_that_is_zero_is_no_adapter() -> None:
    """It has as low a rank as it has tokens."""

    def without_a_tile(y: Floats) -> Floats:
        y = y.copy()
        y[0, 4:10, 8:40] = 0
        return y

    causes = explain(make_case(qwen2(), GATE, changed_output(GATE, without_a_tile)), HYPOTHESES)
    assert "low_rank" not in {cause.hypothesis for cause in causes}


def test_the_logits_of_a_large_vocabulary_take_no_square_of_it() -> None:
    vocabulary, rank = 3000, 2
    reference = make_reference(replace(QWEN2, vocabulary=vocabulary))

    def change(weight: Floats, bias: Floats | None) -> tuple[Floats, Floats | None]:
        rng = np.random.default_rng(0)
        left, right = rng.normal(size=(len(weight), rank)), rng.normal(size=(rank, weight.shape[1]))
        return weight + 0.3 * left @ right / weight.shape[1] ** 0.5, bias

    case = make_case(reference, "logits", altered("logits", change))
    tracemalloc.start()
    try:
        (prediction,) = LOW_RANK.predict(case)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert f"a matrix of rank {rank}" in prediction.sentence
    left, whole = (case.distance(output).error_squares.sum() for output in (prediction.output, case.predicted))
    assert left < 1e-6 * whole
    assert peak < 8 * vocabulary**2 / 2
