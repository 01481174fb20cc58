"""Replaying a tap from captured inputs, through uncaptured ones, and by the name of its operation."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import QWEN2, QWEN3, graph_of, make_reference, run

from parity.errors import ParityError
from parity.replay import captured_inputs, predict, replay
from parity.replay.arrays import widened
from parity.replay.replay import Reference
from parity.taps import Tap, select_taps


@pytest.fixture(scope="module", params=[QWEN2, QWEN3], ids=["qwen2", "qwen3"])
def reference(request: pytest.FixtureRequest) -> Reference:
    return make_reference(request.param, lengths=(7, 4))


def test_predicting_every_tap_from_its_inputs_reproduces_the_truth(reference: Reference) -> None:
    graph, truth = graph_of(reference), run(reference, "float64")
    for tap in select_taps(graph, "all"):
        assert np.allclose(predict(reference, graph, tap, truth), truth[tap.name], rtol=1e-9, atol=1e-12), tap.name


def test_through_uncaptured_inputs_it_is_the_composition(reference: Reference) -> None:
    graph, captured = graph_of(reference), run(reference, "float16")
    few = {name: captured[name] for name in ("embed", "layers.0.resid_out")}
    norm = replay(reference, graph["layers.1.input_norm"], [widened(few["layers.0.resid_out"])])
    expected = replay(reference, graph["layers.1.v"], [norm])
    assert np.array_equal(predict(reference, graph, graph["layers.1.v"], few), expected)


def test_from_nothing_it_is_the_whole_model(reference: Reference) -> None:
    graph, truth = graph_of(reference), run(reference, "float64")
    assert np.allclose(predict(reference, graph, graph["logits"], {}), truth["logits"], rtol=1e-8, atol=1e-10)


def test_captured_inputs_are_the_nearest_ones_in_graph_order(reference: Reference) -> None:
    graph = graph_of(reference)
    names = ("embed", "layers.0.q", "layers.0.v", "layers.0.k_rope")
    captured = {name: np.zeros(1) for name in names}
    assert captured_inputs(graph, graph["layers.0.attn_ctx"], captured) == names[1:]
    assert captured_inputs(graph, graph["layers.0.attn_ctx"], {}) == ()
    assert captured_inputs(graph, graph["embed"], captured) == ()


def test_captured_values_are_used_as_they_are(reference: Reference) -> None:
    graph, captured = graph_of(reference), dict(run(reference, "float64"))
    captured["layers.0.up"] = 2 * captured["layers.0.up"]
    act = predict(reference, graph, graph["layers.0.act"], captured)
    assert np.allclose(act, 2 * captured["layers.0.act"], rtol=1e-9)


def test_scores_and_probabilities_lead_to_the_same_context(reference: Reference) -> None:
    graph, truth = graph_of(reference), run(reference, "float64")
    probabilities = predict(reference, graph, graph["layers.0.probs"], truth)
    values = np.repeat(truth["layers.0.v"], 2, axis=2)
    context = np.einsum("bhqk,bkhc->bqhc", probabilities, values)
    real = reference.tokens.mask
    assert np.allclose(context[real], truth["layers.0.attn_ctx"][real])
    assert np.allclose(probabilities.sum(axis=-1).transpose(0, 2, 1)[real], 1)


def test_an_operation_that_the_reference_lacks_is_refused(reference: Reference) -> None:
    with pytest.raises(ParityError, match="no reference operation 'convolution'"):
        replay(reference, Tap("x", "convolution", (), ("batch",), (None,)), [])
