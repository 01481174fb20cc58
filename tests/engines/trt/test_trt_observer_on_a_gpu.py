"""What marking taps does to a real TensorRT engine. Options as for the other tests on a GPU."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from small_phases import random_phase

from parity.engines.tensorrt.installed import import_tensorrt
from parity.engines.tensorrt.runner import TensorRTRunner
from parity.errors import ParityError
from parity.limits import default_limits
from parity.observer import find_aliasing
from parity.observer_effect import OBSERVER_GRADES
from parity.record import record
from parity.replay import Reference, replay
from parity.runner import RunnerInfo, Sink
from parity.session import EngineChecks, SilentProgress
from parity.session.dumps import RunDumps
from parity.session.observer import Yardstick, record_observed
from parity.taps import Tap, decoder_taps, select_taps
from parity.tokens import Phase
from qwen_trt_model import build_network, bundled_model, convert
from qwen_trt_model.reference_weights import open_reference_weights

pytestmark = pytest.mark.gpu

PHASE = random_phase(24, 9, vocabulary=1000)
WEIGHTS = open_reference_weights(bundled_model())
GRAPH = decoder_taps(WEIGHTS.settings.shape)
TAPS = select_taps(GRAPH, "all")


def tensorrt_is_here() -> bool:
    try:
        import_tensorrt()
    except ParityError:
        return False
    return True


if not tensorrt_is_here():
    pytest.skip("needs TensorRT and an NVIDIA GPU", allow_module_level=True)


@dataclass(frozen=True)
class Replayed:
    """The decoder in fp64."""

    def describe(self) -> RunnerInfo:
        return RunnerInfo("replay", "bundled", "float64", "w", GRAPH)

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        reference, values = Reference(WEIGHTS, phase.tokens), {}
        for tap in TAPS:
            values[tap.name] = replay(reference, tap, [values[name] for name in tap.inputs])
        for tap in taps:
            sink(tap.name, values[tap.name])


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> TensorRTRunner:
    network = build_network(convert(bundled_model(), tmp_path_factory.mktemp("gpu") / "fp16", dtype="fp16"))
    given = os.environ.get("PARITY_TENSORRT_OPTIONS", "level=0")
    return TensorRTRunner(network, options=dict(option.split("=") for option in given.split(",")))


def test_variants_say_how_they_differ(runner: TensorRTRunner) -> None:
    flags, rebuilt, otherwise = (r.describe().flags for r in (runner, runner.rebuilt(), runner.marked_otherwise()))
    assert {name for name in flags if rebuilt[name] != flags[name]} == {"tactics"}
    assert {name for name in flags if otherwise[name] != flags[name]} == {"copies"}


def test_an_engine_is_graded_beside_the_one_without_taps_and_a_rebuild(runner: TensorRTRunner, tmp_path: Path) -> None:
    truth = record(Replayed(), [PHASE], taps=TAPS, role="reference", out=tmp_path / "reference")
    arguments: dict[str, Any] = {"taps": TAPS, "out": tmp_path / "candidate", "progress": SilentProgress()}
    checks = EngineChecks(rebuild_noise=True, aliasing=True)
    candidate = record_observed(runner, checks, [PHASE], yardstick=Yardstick(truth), **arguments)
    comparison = RunDumps(truth, candidate).compare(limits=default_limits("float16"), relative_to=tmp_path)
    effect = comparison.observer
    assert effect is not None
    assert effect.grade in OBSERVER_GRADES
    assert effect.rebuilt_by == "tactics 1 instead of 0"
    assert effect.layers is not None
    assert effect.layers.probed_only + effect.layers.shared > 0
    assert [finding.check for finding in comparison.preflight] == ["marking"]


def test_no_tap_is_aliased_with_copies(runner: TensorRTRunner, tmp_path: Path) -> None:
    dumps = [
        record(one, [PHASE], taps=TAPS[:30], role="candidate", out=tmp_path / name)
        for name, one in (("direct", runner.marked_otherwise()), ("copied", runner))
    ]
    assert find_aliasing(*dumps) == ()
