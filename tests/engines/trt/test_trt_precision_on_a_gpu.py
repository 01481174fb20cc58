"""Operations put into fp32 by casts, in a real TensorRT on a real GPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundled_on_a_gpu import GRAPH, PHASE, TAPS, WEIGHTS, engine_options, make_network, skip_without_tensorrt
from small_phases import by_token

from parity.engines.precision_file import PrecisionAssignment
from parity.engines.tapped_network import open_network
from parity.engines.tensorrt.runner import TensorRTRunner
from parity.replay import Reference, replay
from parity.session.precision import precise_network

pytestmark = pytest.mark.gpu

skip_without_tensorrt()

REFERENCE = Reference(WEIGHTS, PHASE.tokens)
OPTIONS = engine_options(accumulation="engine", tf32="on")
PRODUCTS = ("layers.1.q", "layers.3.attn_out", "layers.3.mlp_out", "logits")
ONE_ROUNDING = 2.4e-4


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_network(tmp_path_factory.mktemp("gpu"), "fp16")


def test_products_in_fp32_are_rounded_once(network: Path) -> None:
    """On the engine's own inputs, nothing is left but the rounding of the result."""
    assignment = PrecisionAssignment(("*.q", "*.attn_out", "*.mlp_out", "logits"))
    precise = precise_network(open_network(network, graph=None, mapping=None), assignment)
    arrays: dict[str, Any] = {}
    runner = TensorRTRunner(precise, options=OPTIONS)
    assert runner.describe().flags["fp32_operations"] == ", ".join(assignment.fp32)
    runner.capture(PHASE, TAPS, arrays.__setitem__)
    for name in PRODUCTS:
        tap = GRAPH[name]
        expected = by_token(replay(REFERENCE, tap, [arrays[source] for source in tap.inputs]), tap, PHASE)
        found = by_token(arrays[name], tap, PHASE)
        assert np.linalg.norm(found - expected) <= ONE_ROUNDING * np.linalg.norm(expected), name


def test_a_run_is_timed_by_its_kernels(network: Path) -> None:
    taken = TensorRTRunner(network, options=OPTIONS).seconds(PHASE, repeats=3)
    assert len(taken) == 3
    assert 1e-5 < min(taken) <= max(taken) < 1
