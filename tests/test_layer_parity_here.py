"""This repository's own run: the bundled model in fp32 and in fp16, one test per tap (``pytest -k layer_parity``)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from parity.comparison import Comparison
from parity.session import CandidateRequest, InputRequest, ReferenceRequest, RunRequest, SilentProgress
from parity.suite.check import check_row
from parity.taps import decoder_taps, select_taps
from qwen_trt_model import bundled_model, bundled_prompts, read_huggingface_config

CANDIDATES = ("onnxruntime:fp32", "onnxruntime:fp16")

RunOf = Callable[[str], "tuple[Comparison, Path]"]


def planned_taps() -> tuple[str, ...]:
    """The taps of the bundled model, without running it."""
    graph = decoder_taps(read_huggingface_config(bundled_model(), dtype="float32").decoder_shape)
    return tuple(tap.name for tap in select_taps(graph, "all"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "candidate" in metafunc.fixturenames:
        metafunc.parametrize("candidate", CANDIDATES)
    if "tap" in metafunc.fixturenames:
        metafunc.parametrize("tap", [pytest.param(name, id=f"prefill-{name}") for name in planned_taps()])


@pytest.fixture(scope="session")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> RunOf:
    """The comparison of a candidate and the folder of its run, which is made once."""
    from parity.session.run import run

    @cache
    def make(candidate: str) -> tuple[Comparison, Path]:
        request = RunRequest(
            ReferenceRequest(str(bundled_model())),
            CandidateRequest(candidate),
            tmp_path_factory.mktemp("bundled") / candidate.replace(":", "-"),
            InputRequest(bundled_prompts()),
        )
        return run(request, progress=SilentProgress()).comparison, request.out

    return make


def test_layer_parity(candidate: str, tap: str, run_of: RunOf, request: pytest.FixtureRequest) -> None:
    comparison, folder = run_of(candidate)
    check_row(comparison, comparison.row(tap), run=str(folder), item=request.node)


def test_layer_parity_covers_every_row(candidate: str, run_of: RunOf) -> None:
    comparison, _ = run_of(candidate)
    assert tuple(row.tap for row in comparison.rows) == planned_taps()


def test_layer_parity_of_fp32_is_clean(run_of: RunOf) -> None:
    comparison, _ = run_of("onnxruntime:fp32")
    assert [row.tap for row in comparison.rows if row.flagged] == []
    assert max(row.noise.noise_ratio for row in comparison.rows if row.noise) <= 3


def test_layer_parity_of_fp16_explains_itself(run_of: RunOf) -> None:
    comparison, _ = run_of("onnxruntime:fp16")
    assert {row.status for row in comparison.rows} <= {"match", "rounding"}
    assert all("R " in row.reason for row in comparison.rows)
