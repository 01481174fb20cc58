"""The network that is timed: the last token's logits are those of the whole network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.tensorrt.speed_engine import open_job, prepare_onnxruntime
from benchmarks.tensorrt.speed_table import Setting
from parity.engines.onnxruntime import OnnxRuntimeRunner
from parity.engines.tapped_network import TappedNetwork, open_network
from parity.errors import ParityError
from parity.tokens import Phase
from qwen_trt_model import build_network, convert


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory, tiny_qwen2_dir: Path) -> TappedNetwork:
    built = build_network(convert(tiny_qwen2_dir, tmp_path_factory.mktemp("speed") / "fp32", dtype="fp32"))
    return open_network(built, graph=None, mapping=None)


def test_the_head_reads_the_last_token_alone(network: TappedNetwork, tmp_path: Path) -> None:
    job = open_job("onnxruntime:fp32", Setting(2, 7), network, tmp_path)
    everything: dict[str, np.ndarray] = {}
    runner = OnnxRuntimeRunner(network.path)
    runner.capture(Phase("prefill", job.tokens), [network.graph["logits"]], everything.__setitem__)
    with prepare_onnxruntime(job) as engine:
        engine.call()
        last = engine.last_logits()
    np.testing.assert_allclose(last, everything["logits"][:, -1], rtol=1e-5, atol=1e-6)


def test_engines_that_are_built_side_by_side_lie_apart(network: TappedNetwork, tmp_path: Path) -> None:
    texts, settings = ("tensorrt:fp32,level=0", "tensorrt:fp32,level=3"), (Setting(1, 8), Setting(2, 8))
    jobs = [open_job(text, setting, network, tmp_path) for text in texts for setting in settings]
    assert len({job.folder for job in jobs}) == 4
    assert all(job.needs_build for job in jobs)
    assert jobs[0].mode == "unprobed level=0"


@pytest.mark.parametrize("text", ["tensorrt:fp16", "tensorrt:fp32,layers=chained"])
def test_what_can_not_be_timed_is_refused(network: TappedNetwork, tmp_path: Path, text: str) -> None:
    with pytest.raises(ParityError, match="no engine for a network in float32"):
        open_job(text, Setting(1, 8), network, tmp_path)
