"""A real TensorRT on a real GPU, against the decoder replayed in fp64."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundled_on_a_gpu import (
    GRAPH,
    PHASE,
    TAPS,
    Arrays,
    engine_options,
    make_network,
    replayed,
    skip_without_tensorrt,
)
from small_phases import by_token

from parity.engines.tapped_network import open_network
from parity.engines.tensorrt.engine_graph import engine_graph
from parity.engines.tensorrt.factory import open_factory
from parity.engines.tensorrt.graphs import TensorRTGraphs
from parity.engines.tensorrt.memory import output_bytes
from parity.engines.tensorrt.options import TensorRTOptions
from parity.engines.tensorrt.plan import PlanRunner
from parity.engines.tensorrt.runner import TensorRTRunner
from parity.errors import ParityError
from parity.layerwise import LayerwiseRunner
from parity.tokens import Phase
from qwen_trt_model.layer_parts import open_parts

pytestmark = pytest.mark.gpu

skip_without_tensorrt()


@pytest.fixture(scope="module", params=["fp32", "fp16"])
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_network(tmp_path_factory.mktemp("gpu"), request.param)


@pytest.fixture(scope="module")
def truth() -> Arrays:
    return replayed()


def allowed(network: Path) -> float:
    return 2e-5 if network.parent.name == "fp32" else 2e-2


def assert_close(arrays: Arrays, truth: Arrays, phase: Phase, *, rel_l2: float) -> None:
    for tap in TAPS:
        if tap.name in arrays:
            ours, exact = (by_token(values[tap.name], tap, phase) for values in (arrays, truth))
            assert np.linalg.norm(ours - exact) <= rel_l2 * np.linalg.norm(exact), tap.name


def test_every_tap_agrees_with_replay(network: Path, truth: Arrays) -> None:
    arrays: dict[str, Any] = {}
    TensorRTRunner(network, options=engine_options()).capture(PHASE, TAPS, arrays.__setitem__)
    assert set(arrays) == set(truth)
    assert_close(arrays, truth, PHASE, rel_l2=allowed(network))


def test_an_engine_is_built_once_and_a_damaged_one_again(network: Path) -> None:
    told: list[str] = []
    runner = TensorRTRunner(network, options=engine_options(), tell=told.append)
    for _ in range(2):
        runner.capture(PHASE, [GRAPH["layers.0.q"]], lambda name, array: None)
    assert len(told) <= 1
    told.clear()
    for plan in (network.parent / "engines").glob("*.plan"):
        plan.write_bytes(plan.read_bytes()[:-1])
    runner.capture(PHASE, [GRAPH["layers.0.q"]], lambda name, array: None)
    assert len(told) == 1
    assert runner.layers()


def test_marking_a_tensor_itself_shows_what_its_copy_shows(network: Path) -> None:
    taps, found = TAPS[:30], {}
    for copies in ("none", "fp32"):
        arrays: dict[str, Any] = {}
        TensorRTRunner(network, options=engine_options(copies=copies)).capture(PHASE, taps, arrays.__setitem__)
        found[copies] = arrays
    for tap in taps:
        ours, copied = (by_token(found[copies][tap.name], tap, PHASE) for copies in ("none", "fp32"))
        assert np.linalg.norm(ours - copied) <= allowed(network) * np.linalg.norm(copied), tap.name


def test_taps_that_do_not_fit_are_spread_over_engines(network: Path, truth: Arrays) -> None:
    taps = [GRAPH["layers.0.gate"], GRAPH["layers.0.up"]]
    told: list[str] = []
    budget = output_bytes(taps[0], PHASE.tokens)
    runner = TensorRTRunner(network, options=engine_options(memory=str(budget)), tell=told.append)
    arrays: dict[str, Any] = {}
    runner.capture(PHASE, taps, arrays.__setitem__)
    assert [line.rsplit(", ", 1)[1] for line in told] == ["engine 1 of 2", "engine 2 of 2"]
    assert runner.engines() == 2
    assert_close(arrays, truth, PHASE, rel_l2=allowed(network))


def test_a_plan_gives_its_outputs_and_says_who_swallowed_the_rest(network: Path, truth: Arrays, tmp_path: Path) -> None:
    opened = open_network(network, graph=None, mapping=None)
    shapes = {str(value.name): PHASE.tokens.ids.shape for value in opened.model.graph.inputs}
    graph = engine_graph(opened.model, ["layers.0.q", "logits"], copies="none", shapes=shapes)
    asked = TensorRTOptions.parse(engine_options())
    factory = open_factory(asked, dtype=opened.dtype, folder=tmp_path / "engines", tell=lambda line: None)
    plan = tmp_path / "port.plan"
    plan.write_bytes(factory.plan(graph, dtype=opened.dtype, weights="", weights_folder=network.parent, words="a plan"))
    runner = PlanRunner(plan, graph=opened.graph, mapping=None, options={"dtype": opened.dtype})
    info = runner.describe()
    assert set(opened.graph.names) - set(info.not_observable) == {"layers.0.q", "logits"}
    assert "inside of {ForeignNode[" in info.not_observable["layers.3.act"]
    arrays: dict[str, Any] = {}
    runner.capture(PHASE, [opened.graph["layers.0.q"], opened.graph["logits"]], arrays.__setitem__)
    assert_close(arrays, truth, PHASE, rel_l2=allowed(network))


def test_a_plan_from_elsewhere_is_refused_in_one_line(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.plan"
    foreign.write_bytes(b"no engine")
    with pytest.raises(ParityError, match="built for another GPU, or by another version"):
        PlanRunner(foreign, graph=GRAPH, mapping=None, options={})


@pytest.mark.parametrize("feeding", ["chained", "isolated"])
def test_layers_run_alone_in_one_engine(network: Path, truth: Arrays, tmp_path: Path, feeding: str) -> None:
    parts = open_parts(network.parent)
    asked, told = TensorRTOptions.parse(engine_options()), []
    factory = open_factory(asked, dtype=parts.dtype, folder=tmp_path / "engines", tell=told.append)
    streams = (lambda phase: truth) if feeding == "isolated" else None
    runner = LayerwiseRunner(parts, TensorRTGraphs(factory, dtype=parts.dtype), streams=streams)
    arrays = capture_all_but_scores(runner)
    assert len(told) == 2
    assert_close(arrays, truth, PHASE, rel_l2=allowed(network))


def capture_all_but_scores(runner: LayerwiseRunner) -> Arrays:
    arrays: dict[str, Any] = {}
    runner.capture(PHASE, TAPS, arrays.__setitem__)
    return arrays
