"""The graph that an engine is built from, run by ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from small_phases import random_phase, run_network

from parity.engines.feeds import network_feeds
from parity.engines.tapped_network import TappedNetwork, open_network
from parity.engines.tensorrt.engine_graph import EngineGraph, engine_graph, graph_file

PHASE = random_phase(9, 4)
INPUTS = ("input_ids", "position_ids", "attention_mask")


@pytest.fixture
def network(fp16_network: Path) -> TappedNetwork:
    return open_network(fp16_network, graph=None, mapping=None)


def graph_of(network: TappedNetwork, copies: str, tensors: list[str] | None = None) -> EngineGraph:
    shapes = dict.fromkeys(INPUTS, (2, 9))
    return engine_graph(network.model, tensors or list(network.tensors.values()), copies=copies, shapes=shapes)


def run(network: TappedNetwork, graph: EngineGraph) -> dict[str, np.ndarray]:
    feeds = {name: array.astype(np.int64) for name, array in network_feeds(INPUTS, PHASE.tokens, network).items()}
    with graph_file(graph, network.path.parent) as path:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        names = list(graph.outputs.values())
        arrays = dict(zip(names, session.run(names, feeds), strict=True))
    assert not path.exists()
    return {tensor: arrays[name] for tensor, name in graph.outputs.items()}


@pytest.mark.parametrize(("copies", "dtype"), [("fp32", np.float32), ("own", np.float16), ("none", np.float16)])
def test_taps_come_out_as_asked_and_unchanged(network: TappedNetwork, copies: str, dtype: type) -> None:
    arrays, plain = run(network, graph_of(network, copies)), run_network(network.path, PHASE)
    assert set(arrays) == set(network.tensors)
    for name, array in arrays.items():
        own = name == "logits" or plain[name].dtype == np.float32
        assert array.dtype == (plain[name].dtype if own else dtype), name
        np.testing.assert_allclose(array.astype(float), plain[name].astype(float), rtol=2e-2, atol=2e-2, err_msg=name)


def test_a_copy_has_memory_of_its_own(network: TappedNetwork) -> None:
    model = ir.from_proto(onnx.load_from_string(graph_of(network, "fp32").serialized))
    outputs = {str(value.name) for value in model.graph.outputs}
    assert outputs == {"logits"} | {f"{name}:copy" for name in network.tensors if name != "logits"}


def test_lengths_are_static(network: TappedNetwork) -> None:
    model = ir.from_proto(onnx.load_from_string(graph_of(network, "none").serialized))
    assert [list(value.shape) for value in model.graph.inputs] == [[2, 9]] * 3


def test_the_network_itself_is_not_changed(network: TappedNetwork) -> None:
    before = ir.to_proto(network.model).SerializeToString()
    graph_of(network, "own")
    assert ir.to_proto(network.model).SerializeToString() == before


def test_other_taps_or_lengths_have_another_digest(network: TappedNetwork) -> None:
    digests = {graph_of(network, "none", [name]).digest for name in ("layers.0.q", "layers.0.k", "logits")}
    longer = engine_graph(network.model, ["logits"], copies="none", shapes=dict.fromkeys(INPUTS, (2, 10)))
    assert len(digests | {longer.digest}) == 4


def test_builders_are_told_the_types_of_the_graph(network: TappedNetwork) -> None:
    types = graph_of(network, "none").types
    assert types["layers.0.q"] == ir.DataType.FLOAT16
    assert types["layers.0.scores"] == ir.DataType.FLOAT
    assert "attention_mask/Cast:0" not in types
