"""Noise where an error that came in has moved an operation to other values."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import Fault, graph_of, make_reference, run

from parity.dtypes import dtype_info
from parity.metrics import Squares, noise_metrics
from parity.replay import LocalAnalysis, Sides, analyse_local, replay
from parity.replay.arrays import Floats
from parity.replay.displaced import displaced_tokens, jittered
from parity.replay.replay import Reference

REFERENCE = make_reference()
GRAPH = graph_of(REFERENCE)
BEFORE, TAP = "layers.0.resid_out", "layers.1.resid_mid"


def with_a_massive_channel(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    result = replay(reference, GRAPH[BEFORE], inputs)
    result[..., 3] = 66.0  # where steps of fp16 are largest in proportion
    return result


def reading_what_was_not_stored(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    """The addition of an engine that gives out rounded copies of what it goes on computing with."""
    step = np.spacing(inputs[0].astype(np.float16)).astype(np.float64)
    return replay(reference, GRAPH[TAP], (inputs[0] + 0.49 * np.abs(step), inputs[1]))


def analysed(faults: dict[str, Fault]) -> LocalAnalysis:
    sides = Sides(
        run(REFERENCE, "float64"),
        run(REFERENCE, "float16", seed=2, faults=faults),
        run(REFERENCE, "float16", seed=1),
        dtype_info("float16"),
    )
    return analyse_local(REFERENCE, GRAPH, GRAPH[TAP], sides)


def ratio(found: LocalAnalysis) -> float:
    return noise_metrics(found.local, found.local_floor).noise_ratio


def test_a_right_operation_on_massive_values_is_no_source() -> None:
    found = analysed({BEFORE: with_a_massive_channel, TAP: reading_what_was_not_stored})
    rounding = 2.1e-4 * np.sqrt(found.local.truth_squares.sum(axis=1))
    assert (np.sqrt(found.local.error_squares.sum(axis=1)) / rounding).max() > 4
    assert ratio(found) < 1.7
    assert noise_metrics(found.local, found.local_floor).worst_token_noise_ratio < 3


def test_a_wrong_one_on_massive_values_still_is() -> None:
    wrong: Fault = lambda reference, inputs: inputs[0] + 1.05 * inputs[1]  # noqa: E731
    assert ratio(analysed({BEFORE: with_a_massive_channel, TAP: wrong})) > 2


def test_only_tokens_that_were_moved_by_a_tenth_of_themselves_are_displaced() -> None:
    inherited = Squares(np.array([[0.0], [0.009], [0.011], [np.inf]]), np.ones((4, 1)))
    assert displaced_tokens(inherited).tolist() == [False, False, True, True]


def test_without_displacement_the_noise_is_the_floor_s() -> None:
    found = analysed({})
    assert not displaced_tokens(found.inherited).any()
    assert ratio(found) < 1.5


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_values_are_moved_within_their_rounding_interval(dtype: str) -> None:
    info = dtype_info(dtype)
    values = np.random.default_rng(1).normal(0, 50, 1000).astype(info.numpy)
    moved = jittered(values, info)
    assert (moved != values.astype(np.float64)).mean() > 0.9
    power = np.abs(np.frexp(values.astype(np.float64))[0]) == 0.5  # its neighbour towards zero is nearer
    assert np.array_equal(moved.astype(info.numpy)[~power], values[~power])
    assert np.array_equal(jittered(np.zeros(3), info), np.zeros(3))
