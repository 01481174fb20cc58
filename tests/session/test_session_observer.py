"""A candidate recorded with and without its taps, and compared with what lies beside it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from gelu_network import GRAPH, INSIDE, PHASE, approximate_gelu, record_sides, save_gelu_network

from parity.comparison import Comparison, save_comparison
from parity.dump import Dump
from parity.engines.onnxruntime import OnnxRuntimeRunner
from parity.errors import ParityError
from parity.limits import default_limits
from parity.runner import Runner, RunnerInfo, Sink
from parity.session import EngineChecks, Judging, PlainProgress, SilentProgress
from parity.session.dumps import RunDumps
from parity.session.observer import Yardstick, record_observed
from parity.session.stored import load_run
from parity.taps import Tap
from parity.tokens import Phase

ALL = GRAPH.names


@dataclass
class Run:
    """A folder with truth and floor, in which candidates are recorded."""

    folder: Path
    runner: OnnxRuntimeRunner
    truth: Dump
    floor: Dump

    def record(self, checks: EngineChecks, *, taps: Sequence[str] = ALL, runner: Runner | None = None) -> Dump:
        return record_observed(
            runner or self.runner,
            checks,
            [PHASE],
            taps=[GRAPH[name] for name in taps],
            out=self.folder / "candidate",
            yardstick=Yardstick(self.truth, (self.floor,)),
            progress=SilentProgress(),
        )

    def compare(self) -> Comparison:
        dumps = RunDumps(self.truth, Dump.open(self.folder / "candidate"), (self.floor,))
        return dumps.compare(limits=default_limits("float32"), relative_to=self.folder)

    @property
    def dumps(self) -> set[str]:
        return {path.name for path in self.folder.iterdir() if path.is_dir()} - {"reference", "floor"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    network = save_gelu_network(tmp_path / "gelu.onnx")
    runner = OnnxRuntimeRunner(network, graph=GRAPH, options={"threads": "1"})
    return Run(tmp_path, runner, *record_sides(tmp_path))


@dataclass(frozen=True)
class AsItIs:
    """A candidate that can't be built in another way."""

    inner: Runner
    name: str

    def describe(self) -> RunnerInfo:
        return replace(self.inner.describe(), name=self.name)

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        self.inner.capture(phase, taps, sink)


class NamedTensorRT(OnnxRuntimeRunner):
    """ONNX Runtime under the name of an engine that is always observed."""

    def describe(self) -> RunnerInfo:
        return replace(super().describe(), name="tensorrt")


def test_nothing_more_is_run_unless_asked_for(run: Run) -> None:
    run.record(EngineChecks())
    assert run.dumps == {"candidate"}
    assert run.compare().observer is None


def test_tensorrt_is_observed_unless_told_otherwise(run: Run) -> None:
    runner = NamedTensorRT(run.folder / "gelu.onnx", graph=GRAPH)
    run.record(EngineChecks(), runner=runner)
    assert run.dumps == {"candidate", "candidate-unprobed"}
    run.record(EngineChecks(observer="off"), runner=runner)
    assert run.dumps == {"candidate"}


def test_a_hidden_bug_fails_the_run_and_is_kept_with_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    approximate_gelu(monkeypatch)
    run.record(EngineChecks(observer="on"))
    comparison = run.compare()
    assert comparison.observer is not None
    assert comparison.observer.unprobed_dump == "candidate-unprobed"
    assert (comparison.observer.grade, comparison.failures, comparison.passed) == ("hides the bug", (), False)
    save_comparison(comparison, run.folder / "comparison.json")
    assert load_run(run.folder, judging=Judging()).observer == comparison.observer
    loose = Judging.parse(flags=(), limits=("median=1e9", "worst_token=1e9"), strict=False)
    judged_again = load_run(run.folder, judging=loose).observer
    assert judged_again is not None
    assert judged_again.grade == "perturbing"


def test_probe_sets_show_what_hidden_bugs_are_made_of(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    approximate_gelu(monkeypatch)
    run.record(EngineChecks(probe_sets=True))
    comparison = run.compare()
    effect = comparison.observer
    assert effect is not None
    assert (effect.grade, effect.probe_sets) == ("faithful", 1)
    assert comparison.row(INSIDE).status == "not observable"
    assert "marking it alone changes the logits" in comparison.row(INSIDE).reason
    assert [row.tap for row in comparison.failures] == ["act", "logits"]


def test_a_rebuild_is_measured_beside_it(run: Run) -> None:
    run.record(EngineChecks(rebuild_noise=True))
    assert run.dumps == {"candidate", "candidate-unprobed", "candidate-rebuilt"}
    effect = run.compare().observer
    assert effect is not None
    assert effect.rebuilt_by == "optimization_level disabled instead of all"
    assert effect.rebuilt_dump == "candidate-rebuilt"
    assert effect.worst.rebuild_distance is not None
    assert effect.worst.rebuild_distance.noise is not None
    assert effect.worst.rebuild_distance.noise.noise_ratio > 0
    assert "Built again with optimization_level" in effect.sentence


def test_taps_are_marked_in_the_other_way_too(run: Run) -> None:
    run.record(EngineChecks(aliasing=True))
    assert run.dumps == {"candidate", "candidate-copied"}
    (finding,) = [finding for finding in run.compare().preflight if finding.check == "marking"]
    assert finding.severity == "note"
    run.record(EngineChecks(aliasing=True), runner=run.runner.marked_otherwise())
    assert run.dumps == {"candidate", "candidate-direct"}
    assert run.compare().passed


def test_dumps_of_an_earlier_candidate_do_not_stay_beside_a_new_one(run: Run) -> None:
    (run.folder / "candidate-rebuilt").mkdir()
    (run.folder / "candidate-rebuilt" / "notes.txt").write_text("mine")
    run.record(EngineChecks(observer="on", aliasing=True))
    run.record(EngineChecks())
    assert run.dumps == {"candidate", "candidate-rebuilt"}


def test_a_dump_of_another_candidate_is_a_finding_and_is_not_used(run: Run) -> None:
    run.record(EngineChecks(observer="on"))
    unprobed = run.folder / "candidate-unprobed"
    manifest = json.loads((unprobed / "manifest.json").read_text())
    manifest["runner"]["flags"]["optimization_level"] = "basic"
    (unprobed / "manifest.json").write_text(json.dumps(manifest))
    comparison = run.compare()
    assert comparison.observer is None
    (finding,) = [finding for finding in comparison.preflight if finding.check == "companion"]
    assert (finding.severity, finding.subject) == ("warning", "candidate-unprobed")
    assert "differs in settings" in finding.sentence
    assert finding.cure
    assert comparison.passed


def test_a_dump_with_taps_is_no_engine_without(run: Run) -> None:
    run.record(EngineChecks())
    shutil.copytree(run.folder / "candidate", run.folder / "candidate-unprobed")
    (finding,) = [finding for finding in run.compare().preflight if finding.check == "companion"]
    assert "recorded with 4 taps beside logits" in finding.sentence


@pytest.mark.parametrize(
    ("checks", "flag"),
    [
        (EngineChecks(observer="on"), "--observer"),
        (EngineChecks(rebuild_noise=True), "--rebuild-noise"),
        (EngineChecks(probe_sets=True), "--probe-sets"),
        (EngineChecks(aliasing=True), "--check-aliasing"),
    ],
)
def test_what_can_not_be_checked_is_refused_where_it_was_asked_for(run: Run, checks: EngineChecks, flag: str) -> None:
    with pytest.raises(ParityError, match=flag) as caught:
        run.record(checks, runner=AsItIs(run.runner, "plan"))
    assert "can't be built without its taps" in caught.value.problem
    assert run.dumps == set()


@pytest.mark.parametrize(("taps", "why"), [(("embed", "act"), "not among the taps"), (("logits",), "has no taps")])
def test_engines_are_compared_by_logits_and_taps(run: Run, taps: tuple[str, ...], why: str) -> None:
    with pytest.raises(ParityError, match=why):
        run.record(EngineChecks(observer="on"), taps=taps)
    run.record(EngineChecks(aliasing=True), taps=taps)
    assert run.dumps == {"candidate", "candidate-copied"}


def test_flags_that_contradict_one_another_are_refused(run: Run) -> None:
    with pytest.raises(ParityError, match="--observer off leaves out"):
        run.record(EngineChecks(observer="off", rebuild_noise=True))


def test_what_is_not_measured_by_itself_is_said(run: Run) -> None:
    lines: list[str] = []
    record_observed(
        AsItIs(run.runner, "tensorrt"),
        EngineChecks(),
        [PHASE],
        taps=tuple(GRAPH),
        out=run.folder / "candidate",
        yardstick=Yardstick(run.truth),
        progress=PlainProgress(lines.append),
    )
    assert any("what taps change is not measured: this candidate is run as it is" in line for line in lines)
