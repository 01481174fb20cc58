"""What marking taps does to a real TensorRT engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bundled_on_a_gpu import GRAPH, PHASE, TAPS, engine_options, make_network, replayed, skip_without_tensorrt

from parity.engines.tensorrt.runner import TensorRTRunner
from parity.limits import default_limits
from parity.observer import find_aliasing
from parity.observer_effect import OBSERVER_GRADES
from parity.record import record
from parity.runner import RunnerInfo, Sink
from parity.session import EngineChecks, SilentProgress
from parity.session.dumps import RunDumps
from parity.session.observer import Yardstick, record_observed
from parity.taps import Tap
from parity.tokens import Phase

pytestmark = pytest.mark.gpu

skip_without_tensorrt()


@dataclass(frozen=True)
class Replayed:
    """The decoder in fp64."""

    def describe(self) -> RunnerInfo:
        return RunnerInfo("replay", "bundled", "float64", "w", GRAPH)

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        values = replayed()
        for tap in taps:
            sink(tap.name, values[tap.name])


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> TensorRTRunner:
    network = make_network(tmp_path_factory.mktemp("gpu"), "fp16")
    return TensorRTRunner(network, options=engine_options())


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
