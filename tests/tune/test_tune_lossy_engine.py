"""The whole search on real networks, run by an engine whose 16-bit kernels are bad where they are told to be."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lossy_engine import LossyEngine, accumulated_in_bf16, rounded_in_any_type, rounded_to_3_bits
from small_phases import random_phase

from parity.compare_dumps import compare_dumps
from parity.engines.precision_file import PrecisionAssignment, read_precision
from parity.errors import ParityError
from parity.hooks import TransformersRunner
from parity.record import record
from parity.session import CandidateRequest, Judging, SilentProgress, TuneRequest
from parity.session.candidate import record_candidate
from parity.session.tune import TuneOutcome, tune
from parity.session.tune_bench import TuneSides
from parity.taps import select_taps
from parity.tune import read_comparison
from qwen_trt_model import convert
from qwen_trt_model.graph import build_network

LIMITS = ("median=1.5",)


class Notes(SilentProgress):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)


class Lab:
    """Recorded sides of a tiny model, and its network."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.model, self.folder = model, folder
        phases = [random_phase(70, 45, vocabulary=320)]
        dumps = {}
        for role, dtype in (("reference", "float64"), ("floor", "float16")):
            runner = TransformersRunner(model, dtype=dtype)
            taps = select_taps(runner.describe().graph, "all")
            dumps[role] = record(runner, phases, taps=taps, role=role, out=folder / role)
        self.sides = TuneSides(dumps["reference"], dumps["floor"])
        self.network = build_network(convert(model, folder / "network", dtype="fp16"))

    def tune(self, out: Path, *, local: bool = True, notes: Notes | None = None, **settings: Any) -> TuneOutcome:
        judging = Judging.parse(flags=[], limits=settings.pop("limits", LIMITS), strict=False)
        spec = f"{self.network},engine=tensorrt,accumulation=engine,tf32=on"
        request = TuneRequest(CandidateRequest(spec), out, judging, **settings)
        return tune(replace(request, no_diagnosis=not local), self.sides, model=self.model, progress=notes or Notes())


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, tiny_qwen2_dir: Path) -> Lab:
    return Lab(tmp_path_factory.mktemp("lab"), tiny_qwen2_dir)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> LossyEngine:
    opened = LossyEngine()
    monkeypatch.setattr("parity.session.candidate_network.open_engine", opened)
    return opened


def test_a_sound_engine_needs_nothing(lab: Lab, engine: LossyEngine, tmp_path: Path) -> None:
    outcome = lab.tune(tmp_path)
    assert (outcome.summary.status, outcome.summary.fp32, engine.built) == ("within", (), [""])
    assert max(reading.noise_ratio for reading in outcome.result.before.readings) < 1.2
    for reading in outcome.result.before.readings:
        assert reading.local_noise_ratio is not None
        assert reading.local_noise_ratio < 1.2, reading


PLANTED = {
    "norm": ({"layers.*.input_norm": rounded_to_3_bits}, ("layers.*.input_norm",)),
    "activation": ({"layers.*.act": rounded_to_3_bits}, ("layers.*.act",)),
    "addition": ({"layers.*.resid_mid": rounded_to_3_bits}, ("layers.*.resid_mid",)),
    "projection": ({"layers.*.qkv": accumulated_in_bf16}, ("layers.*.q", "layers.*.k", "layers.*.v")),
    "down": ({"layers.*.mlp_out": accumulated_in_bf16}, ("layers.*.mlp_out",)),
    "head": ({"logits": accumulated_in_bf16}, ("logits",)),
    "two kinds": (
        {"layers.*.attn_out": accumulated_in_bf16, "layers.*.post_norm": rounded_to_3_bits},
        ("layers.*.attn_out", "layers.*.post_norm"),
    ),
    "one layer of a product": ({"layers.1.gate": accumulated_in_bf16}, ("layers.1.gate",)),
    "one layer of a norm": ({"layers.2.post_norm": rounded_to_3_bits}, ("layers.2.post_norm",)),
    "two kinds, one layer each": (
        {"layers.0.up": accumulated_in_bf16, "layers.2.act": rounded_to_3_bits},
        ("layers.0.up", "layers.2.act"),
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_exactly_what_is_planted_is_found_with_few_builds(
    lab: Lab, engine: LossyEngine, tmp_path: Path, name: str
) -> None:
    engine.losses, expected = PLANTED[name]
    outcome = lab.tune(tmp_path)
    assert (outcome.summary.status, outcome.summary.fp32) == ("met", expected)
    assert read_precision(tmp_path / "precision.json") == PrecisionAssignment(expected)
    assert outcome.summary.builds == 2
    assert outcome.result.after.passes(outcome.limits)
    assert not outcome.result.before.passes(outcome.limits)


@pytest.mark.parametrize("name", ["norm", "projection", "two kinds", "one layer of a product"])
def test_without_the_reference_s_weights_it_takes_more_builds(
    lab: Lab, engine: LossyEngine, tmp_path: Path, name: str
) -> None:
    engine.losses, expected = PLANTED[name]
    outcome = lab.tune(tmp_path, local=False)
    assert (outcome.summary.status, outcome.summary.fp32) == ("met", expected)
    assert outcome.summary.builds <= 5
    assert all(reading.local_noise_ratio is None for reading in outcome.result.before.readings)


def test_other_weights_than_the_reference_s_are_not_used(lab: Lab, engine: LossyEngine, tmp_path: Path) -> None:
    engine.losses, expected = PLANTED["norm"]
    notes = Notes()
    request = TuneRequest(
        CandidateRequest(f"{lab.network},engine=tensorrt,accumulation=engine"),
        tmp_path,
        Judging.parse(flags=[], limits=LIMITS, strict=False),
    )
    outcome = tune(request, lab.sides, model=lab.network.parent, progress=notes)
    assert outcome.summary.fp32 == expected
    assert any("errors are not taken apart" in line for line in notes.lines)
    assert any("tf32=on" in line for line in notes.lines)


def test_a_kernel_that_is_wrong_in_fp32_too_cant_be_met(lab: Lab, engine: LossyEngine, tmp_path: Path) -> None:
    engine.losses = {"layers.1.act": rounded_in_any_type, "layers.*.gate": accumulated_in_bf16}
    (tmp_path / "precision.json").write_text("from an earlier search")
    outcome = lab.tune(tmp_path)
    assert (outcome.summary.status, outcome.summary.fp32) == ("cannot be met", ())
    assert outcome.result.after.beyond(outcome.limits)[0].tap == "layers.1.act"
    assert not (tmp_path / "precision.json").exists()
    rows = {row["tap"]: row for row in csv.DictReader((tmp_path / "tune.csv").open())}
    assert (rows["layers.0.gate"]["beyond_before"], rows["layers.0.gate"]["beyond_after"]) == ("1", "0")
    assert rows["layers.1.act"]["beyond_after"] == "1"


def test_what_was_cut_off_goes_on(lab: Lab, engine: LossyEngine, tmp_path: Path) -> None:
    engine.losses, expected = PLANTED["two kinds"]
    assert lab.tune(tmp_path, max_builds=1).summary.status == "out of budget"
    assert engine.built == [""]
    outcome = lab.tune(tmp_path)
    assert (outcome.summary.status, outcome.summary.fp32) == ("met", expected)
    assert engine.built.count("") == 1
    built = len(engine.built)
    assert lab.tune(tmp_path).summary.builds == 0
    assert len(engine.built) == built


def test_another_engine_is_measured_anew(lab: Lab, engine: LossyEngine, tmp_path: Path) -> None:
    engine.losses, _ = PLANTED["norm"]
    lab.tune(tmp_path)
    engine.losses, expected = PLANTED["activation"]
    assert lab.tune(tmp_path).summary.fp32 == expected


def test_narrower_limits_need_no_trial_again(lab: Lab, engine: LossyEngine, tmp_path: Path) -> None:
    engine.losses, _ = PLANTED["norm"]
    first = lab.tune(tmp_path)
    second = lab.tune(tmp_path, limits=("median=1.45",))
    assert second.summary.fp32 == first.summary.fp32
    assert second.summary.builds == 0


def test_the_file_that_is_written_gives_what_was_measured(lab: Lab, engine: LossyEngine, tmp_path: Path) -> None:
    engine.losses, _ = PLANTED["two kinds"]
    outcome = lab.tune(tmp_path)
    network = shutil.copytree(lab.network.parent, tmp_path / "network") / lab.network.name
    asked = CandidateRequest(f"{network},engine=tensorrt", precision=tmp_path / "precision.json")
    tokens, progress = lab.sides.reference.path, SilentProgress()
    candidate = record_candidate(asked, tokens, model=None, taps=None, out=tmp_path / "tuned", progress=progress)
    assert candidate.manifest.runner.flags["fp32_operations"] == "layers.*.attn_out, layers.*.post_norm"
    comparison = compare_dumps(lab.sides.reference, candidate, floors=[lab.sides.floor])
    assert read_comparison(comparison) == outcome.result.after.readings


def test_nothing_but_results_stays(lab: Lab, engine: LossyEngine, tmp_path: Path) -> None:
    engine.losses, _ = PLANTED["two kinds"]
    before = {path.name for path in lab.network.parent.iterdir()}
    outcome = lab.tune(tmp_path)
    assert {path.name for path in lab.network.parent.iterdir()} == before
    results = {"precision.json", "tune.csv", "trials.csv", "tune.json"}
    assert {path.name for path in outcome.written} == results
    assert {path.name for path in tmp_path.iterdir()} == {*results, "trials"}
    assert len(list((tmp_path / "trials").iterdir())) == len(outcome.result.trials)


def test_it_says_what_it_tries_and_what_that_costs(lab: Lab, engine: LossyEngine, tmp_path: Path) -> None:
    engine.losses, expected = PLANTED["down"]
    notes = Notes()
    outcome = lab.tune(tmp_path, notes=notes, max_builds=9)
    told = [line for line in notes.lines if line.startswith("trial")]
    assert told[0].startswith("trial 1 (build 1 of at most 9")
    assert "fp32: nothing: " in told[0]
    assert "fp32: layers.*.mlp_out: every tap within limits, nearest " in told[1]
    summary = json.loads((tmp_path / "tune.json").read_text())
    assert summary["fp32"] == list(expected)
    assert (summary["seconds_before"], summary["seconds_after"]) == (0.001, 0.002)
    assert 1 < summary["estimated_time"] < 1.5
    assert outcome.summary.estimated_time == summary["estimated_time"]


def test_products_that_sum_in_fp32_anyway_cost_nothing(lab: Lab, engine: LossyEngine, tmp_path: Path) -> None:
    engine.losses, expected = PLANTED["down"]
    notes = Notes()
    request = TuneRequest(CandidateRequest(f"{lab.network},engine=tensorrt"), tmp_path)
    outcome = tune(request, lab.sides, model=lab.model, progress=notes)
    assert (outcome.summary.fp32, outcome.summary.estimated_time) == (expected, 1.0)
    assert any("accumulation=engine" in line for line in notes.lines)


def test_timing_can_be_left_out(lab: Lab, engine: LossyEngine, tmp_path: Path) -> None:
    engine.losses, _ = PLANTED["down"]
    assert lab.tune(tmp_path, timed=False).summary.seconds_after is None


def test_a_network_in_fp32_has_nothing_to_tune(lab: Lab, engine: LossyEngine, tmp_path: Path) -> None:
    network = build_network(convert(lab.model, tmp_path / "fp32", dtype="fp32"))
    request = TuneRequest(CandidateRequest(str(network)), tmp_path)
    with pytest.raises(ParityError, match="floor in float16 says nothing about a candidate in float32"):
        tune(request, lab.sides, model=None, progress=SilentProgress())
    runner = TransformersRunner(lab.model, dtype="float32")
    phases = [random_phase(70, 45, vocabulary=320)]
    taps = select_taps(runner.describe().graph, "all")
    floor = record(runner, phases, taps=taps, role="floor", out=tmp_path / "floor")
    with pytest.raises(ParityError, match="no operation of it computes in 16 bits"):
        tune(request, TuneSides(lab.sides.reference, floor), model=None, progress=SilentProgress())


@pytest.mark.parametrize(
    ("spec", "problem"), [("{}", "is built already"), ("onnxruntime:fp16,layers=chained", "runs layer by layer")]
)
def test_what_is_no_whole_network_cant_be_tuned(lab: Lab, tmp_path: Path, spec: str, problem: str) -> None:
    request = TuneRequest(CandidateRequest(spec.format(lab.sides.reference.path)), tmp_path)
    with pytest.raises(ParityError, match=problem):
        tune(request, lab.sides, model=None, progress=SilentProgress())
