"""A model run layer by layer against the same model run as a whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from plain_models import huggingface_config, save_model
from small_phases import by_token, capture_all, random_phase, run_network

from parity.engines.onnxruntime_graph import OnnxRuntimeGraphs
from parity.layerwise import LayerwiseRunner, Streams
from parity.runner import InspectableRunner
from parity.taps import select_taps
from qwen_trt_model import build_network, convert
from qwen_trt_model.layer_parts import open_parts

PHASE = random_phase(9, 4)


@pytest.fixture(scope="module", params=["qwen2", "qwen3"])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = save_model(tmp_path_factory.mktemp("layerwise") / "model", huggingface_config(request.param))
    folder = convert(model, tmp_path_factory.mktemp("layerwise") / "fp32", dtype="fp32")
    build_network(folder)
    return folder


def runner_of(checkpoint: Path, streams: Streams | None = None) -> LayerwiseRunner:
    parts = open_parts(checkpoint)
    return LayerwiseRunner(parts, OnnxRuntimeGraphs({"threads": "1"}, dtype=parts.dtype), streams=streams)


def test_chained_layers_are_the_whole_model(checkpoint: Path) -> None:
    runner = runner_of(checkpoint)
    whole, chained = run_network(checkpoint / "network.onnx", PHASE), capture_all(runner, PHASE)
    assert set(whole) == set(chained)
    for tap in runner.describe().graph:
        first, second = (by_token(arrays[tap.name], tap, PHASE) for arrays in (whole, chained))
        np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-5, err_msg=tap.name)


def test_an_isolated_layer_reads_the_reference_alone(checkpoint: Path) -> None:
    whole = run_network(checkpoint / "network.onnx", PHASE)
    spoilt = {**whole, "layers.0.resid_out": whole["layers.0.resid_out"] * 2}
    isolated = capture_all(runner_of(checkpoint, lambda phase: spoilt), PHASE)
    np.testing.assert_allclose(isolated["layers.0.resid_out"], whole["layers.0.resid_out"], rtol=1e-4, atol=1e-5)
    assert not np.allclose(isolated["layers.1.resid_mid"], whole["layers.1.resid_mid"], atol=1e-2)
    np.testing.assert_allclose(isolated["layers.2.resid_out"], whole["layers.2.resid_out"], rtol=1e-4, atol=1e-4)


def test_taps_that_are_not_asked_for_are_not_handed_out(checkpoint: Path) -> None:
    runner, names = runner_of(checkpoint), []
    taps = select_taps(runner.describe().graph, "layers.1.q,layers.0.gate,logits")
    runner.capture(PHASE, taps, lambda name, array: names.append(name))
    assert names == ["layers.0.gate", "layers.1.q", "logits"]


def test_taps_are_put_out_as_asked(tmp_path: Path) -> None:
    model = save_model(tmp_path / "model", huggingface_config("qwen2"))
    folder = convert(model, tmp_path / "fp16", dtype="fp16")
    build_network(folder)
    captured = {}
    for copies in ("none", "own", "fp32"):
        graphs = OnnxRuntimeGraphs({"threads": "1", "copies": copies}, dtype="float16")
        runner = LayerwiseRunner(open_parts(folder), graphs)
        assert runner.describe().flags["copies"] == copies
        captured[copies] = capture_all(runner, PHASE)["layers.1.gate"]
    assert {copies: array.dtype.name for copies, array in captured.items()} == {
        "none": "float16",
        "own": "float16",
        "fp32": "float32",
    }
    np.testing.assert_allclose(captured["fp32"], captured["none"], rtol=1e-2, atol=1e-2)


def test_it_says_how_layers_are_fed(checkpoint: Path) -> None:
    assert runner_of(checkpoint).describe().flags["layers"] == "chained"
    isolated = runner_of(checkpoint, lambda phase: {})
    assert isolated.describe().flags["layers"] == "isolated"
    assert isinstance(isolated, InspectableRunner)
