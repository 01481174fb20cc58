from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_phases import Arrays, by_token, capture_all, random_phase, run_network

from parity.taps import decoder_taps
from qwen_trt_model import build_network, convert, read_checkpoint

pytest.importorskip("torch", reason="the reference needs PyTorch")

PHASE = random_phase(70, 23, 1, vocabulary=320)


@pytest.fixture(scope="module", params=["qwen2", "qwen3"])
def model(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.getfixturevalue(f"tiny_{request.param}_dir")
    return folder


@pytest.fixture(scope="module")
def truth(model: Path) -> Arrays:
    return reference(model, "float64")


def reference(model: Path, dtype: str) -> Arrays:
    from parity.hooks import TransformersRunner

    return capture_all(TransformersRunner(model, dtype=dtype, attention="eager"), PHASE)


def rel_l2(array: Any, expected: Any) -> float:
    return float(np.linalg.norm(array - expected) / np.linalg.norm(expected))


def test_every_tap_of_the_fp32_network_is_the_reference(model: Path, truth: Arrays, tmp_path: Path) -> None:
    checkpoint = convert(model, tmp_path / "out", dtype="fp32")
    candidate = run_network(build_network(checkpoint), PHASE)
    for tap in decoder_taps(read_checkpoint(checkpoint).config.decoder_shape):
        error = rel_l2(by_token(candidate[tap.name], tap, PHASE), by_token(truth[tap.name], tap, PHASE))
        assert error < 3e-6, f"{tap.name}: {error:.1e}"


def test_the_fp16_network_is_no_noisier_than_fp16_pytorch(model: Path, truth: Arrays, tmp_path: Path) -> None:
    checkpoint = convert(model, tmp_path / "out", dtype="fp16")
    candidate, floor = run_network(build_network(checkpoint), PHASE), reference(model, "float16")
    for tap in decoder_taps(read_checkpoint(checkpoint).config.decoder_shape):
        assert tap.op == "embedding" or tap.op == "scores" or candidate[tap.name].dtype == np.float16
        exact, ours, theirs = (by_token(run[tap.name], tap, PHASE) for run in (truth, candidate, floor))
        assert rel_l2(ours, exact) <= 1.2 * rel_l2(theirs, exact) + 1e-6, tap.name
