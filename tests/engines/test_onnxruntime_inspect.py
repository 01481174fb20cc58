"""What ONNX Runtime tells of the nodes that it ran."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from small_phases import random_phase

from parity.engines.onnxruntime import OnnxRuntimeRunner
from parity.runner import InspectableRunner

PHASE = random_phase(9, 4)


def layers_of(runner: OnnxRuntimeRunner, *taps: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    graph = runner.describe().graph
    runner.capture(PHASE, [graph[name] for name in taps], lambda name, array: None)
    return {layer.name: (layer.kind, layer.outputs) for layer in runner.layers()}


def test_nodes_have_names_operators_and_output_types(fp16_network: Path) -> None:
    runner = OnnxRuntimeRunner(fp16_network)
    assert isinstance(runner, InspectableRunner)
    layers = layers_of(runner, "logits")
    assert layers["layers.0.attn_out/MatMul"][0] == "MatMul"
    assert layers["layers.1.input_norm/ReduceMean"] == ("ReduceMean", ("float",))
    assert all(kind and outputs for kind, outputs in layers.values())


def test_what_is_marked_and_how_it_is_optimised_shows(fp16_network: Path) -> None:
    runner = OnnxRuntimeRunner(fp16_network, options={"threads": "1"})
    bare, probed = layers_of(runner, "logits"), layers_of(runner, "layers.0.gate", "logits")
    plain = layers_of(runner.rebuilt(), "logits")
    assert "QuickGelu" in {kind for kind, _ in bare.values()}
    assert "QuickGelu" not in {kind for kind, _ in plain.values()}
    added = [probed[name] for name in probed if name not in bare]
    assert added in ([], [("Cast", ("float16",))])  # the cast where fp16 is computed in fp32


def test_a_session_that_runs_again_is_not_profiled_again(
    fp16_network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    runner = OnnxRuntimeRunner(fp16_network)
    assert layers_of(runner, "logits") == layers_of(runner, "logits")
    assert not list(tmp_path.iterdir())
