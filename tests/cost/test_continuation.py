"""The reference continued from a tap."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest
from numpy_decoder import QWEN2, QWEN3, graph_of, make_reference, run

from parity.cost import Prices, continue_from
from parity.dtypes import dtype_info
from parity.replay import Sides, predict
from parity.taps import DecoderShape


@pytest.mark.parametrize("shape", [QWEN2, QWEN3])
@pytest.mark.parametrize("tap", ["embed", "layers.0.k", "layers.1.attn_ctx", "layers.1.resid_out", "logits"])
def test_the_truth_continues_into_the_truth(shape: DecoderShape, tap: str) -> None:
    reference = make_reference(shape)
    truth = run(reference, "float64")
    logits = continue_from(reference, graph_of(reference), truth, {tap: truth[tap]})
    np.testing.assert_allclose(logits, truth["logits"], rtol=1e-9, atol=1e-12)


def test_a_changed_tap_reaches_the_logits_as_in_a_run_with_that_fault() -> None:
    reference = make_reference()
    truth = run(reference, "float64")
    broken = run(reference, "float64", faults={"layers.0.v": lambda _, inputs: 1.5 * truth["layers.0.v"]})
    logits = continue_from(reference, graph_of(reference), truth, {"layers.0.v": 1.5 * truth["layers.0.v"]})
    np.testing.assert_allclose(logits, broken["logits"], rtol=1e-9, atol=1e-12)
    assert not np.allclose(logits, truth["logits"])


def test_a_tap_costs_what_its_own_error_does_and_its_inheritance_is_left_out() -> None:
    reference = make_reference()
    graph = graph_of(reference)
    truth = run(reference, "float64")
    broken = run(reference, "float64", faults={"layers.0.v": lambda _, inputs: 1.5 * truth["layers.0.v"]})
    sides = Sides(truth, broken, None, dtype_info("float32"))
    prices = Prices(reference, graph, sides)
    source, carrier = (
        prices.of_tap(graph[name], predict(reference, graph, graph[name], broken))
        for name in ("layers.0.v", "layers.1.resid_out")
    )
    whole = prices.whole
    assert source.local_error.mean_kl == pytest.approx(whole.mean_kl)
    assert carrier.activation.mean_kl == pytest.approx(whole.mean_kl)
    assert carrier.local_error.mean_kl == pytest.approx(0, abs=1e-12)
    assert whole.mean_kl > 1e-3


@pytest.mark.parametrize("kept", [(), ("embed", "layers.0.resid_out"), ("layers.1.act",)])
def test_what_was_not_captured_is_recomputed(kept: tuple[str, ...]) -> None:
    reference = make_reference()
    graph, truth = graph_of(reference), run(reference, "float64")
    changed = 1.5 * truth["layers.1.act"]
    whole = continue_from(reference, graph, truth, {"layers.1.act": changed})
    few = continue_from(reference, graph, {name: truth[name] for name in kept}, {"layers.1.act": changed})
    np.testing.assert_allclose(few, whole, rtol=1e-9, atol=1e-12)


def test_a_tap_can_be_priced_where_the_logits_were_not_captured() -> None:
    reference = make_reference()
    graph, truth = graph_of(reference), run(reference, "float64")
    broken = run(reference, "float32", seed=2, faults={"layers.0.v": lambda _, inputs: 1.5 * truth["layers.0.v"]})
    captured = truth, broken, run(reference, "float32", seed=1)
    without = [{name: array for name, array in side.items() if name != "logits"} for side in captured]
    predicted = predict(reference, graph, graph["layers.0.v"], broken)
    costs = [
        Prices(reference, graph, Sides(*sides, dtype_info("float32"))).of_tap(graph["layers.0.v"], predicted)
        for sides in (captured, without)
    ]
    assert costs[0].local_error.mean_kl == pytest.approx(costs[1].local_error.mean_kl, rel=1e-6)
    assert costs[0].local_error.decided_positions == costs[1].local_error.decided_positions > 0


def test_nothing_of_a_continuation_stays_in_memory() -> None:
    reference = make_reference()
    graph, truth = graph_of(reference), run(reference, "float64")
    gc.collect()
    gc.disable()  # arrays that only the collector frees are freed too late: it counts objects, not bytes
    try:
        tracemalloc.start()
        logits = continue_from(reference, graph, truth, {"layers.0.v": 1.5 * truth["layers.0.v"]})
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert kept < 2 * logits.nbytes
