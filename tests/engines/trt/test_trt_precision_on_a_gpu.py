"""Operations put into fp32 by casts, in a real TensorRT on a real GPU.

Options for every engine come from PARITY_TENSORRT_OPTIONS, such as ``level=0,tactic_sources=none``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_phases import by_token, random_phase

from parity.engines.precision_file import PrecisionAssignment
from parity.engines.tapped_network import open_network
from parity.engines.tensorrt.installed import import_tensorrt
from parity.engines.tensorrt.runner import TensorRTRunner
from parity.errors import ParityError
from parity.replay import Reference, replay
from parity.session.precision import precise_network
from parity.taps import decoder_taps, select_taps
from qwen_trt_model import build_network, bundled_model, convert
from qwen_trt_model.reference_weights import open_reference_weights

pytestmark = pytest.mark.gpu

PHASE = random_phase(24, 9, vocabulary=1000)
REFERENCE = Reference(open_reference_weights(bundled_model()), PHASE.tokens)
GRAPH = decoder_taps(REFERENCE.weights.settings.shape)
PRODUCTS = ("layers.1.q", "layers.3.attn_out", "layers.3.mlp_out", "logits")
ONE_ROUNDING = 2.4e-4


def tensorrt_is_here() -> bool:
    try:
        import_tensorrt()
    except ParityError:
        return False
    return True


if not tensorrt_is_here():
    pytest.skip("needs TensorRT and an NVIDIA GPU", allow_module_level=True)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_network(convert(bundled_model(), tmp_path_factory.mktemp("gpu") / "fp16", dtype="fp16"))


def options() -> dict[str, str]:
    given = os.environ.get("PARITY_TENSORRT_OPTIONS", "level=0")
    return {**dict(option.split("=") for option in given.split(",")), "accumulation": "engine", "tf32": "on"}


def test_products_in_fp32_are_rounded_once(network: Path) -> None:
    """On the engine's own inputs, nothing is left but the rounding of the result."""
    assignment = PrecisionAssignment(("*.q", "*.attn_out", "*.mlp_out", "logits"))
    precise = precise_network(open_network(network, graph=None, mapping=None), assignment)
    arrays: dict[str, Any] = {}
    runner = TensorRTRunner(precise, options=options())
    assert runner.describe().flags["fp32_operations"] == ", ".join(assignment.fp32)
    runner.capture(PHASE, select_taps(GRAPH, "all"), arrays.__setitem__)
    for name in PRODUCTS:
        tap = GRAPH[name]
        expected = by_token(replay(REFERENCE, tap, [arrays[source] for source in tap.inputs]), tap, PHASE)
        found = by_token(arrays[name], tap, PHASE)
        assert np.linalg.norm(found - expected) <= ONE_ROUNDING * np.linalg.norm(expected), name


def test_a_run_is_timed_by_its_kernels(network: Path) -> None:
    taken = TensorRTRunner(network, options=options()).seconds(PHASE, repeats=3)
    assert len(taken) == 3
    assert 1e-5 < min(taken) <= max(taken) < 1
