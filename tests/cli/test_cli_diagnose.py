"""What is wrong and why, from the command line, on the bundled model that a real engine runs with faults planted."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from command_line import Command
from safetensors.numpy import load_file, save_file

from parity.comparison import Comparison, load_comparison
from parity.dump.manifest import Manifest
from parity.errors import ParityError
from parity.serial import from_plain, read_json, to_plain, write_json
from parity.session import CandidateRequest, InputRequest, PlantedFault, ReferenceRequest, RunRequest, SilentProgress
from parity.session.run import run
from qwen_trt_model import bundled_model
from qwen_trt_model.faults import build_faulty_network

SOURCE = "layers.3.act"


@pytest.fixture(autouse=True)
def short_prompts(prompts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qwen_trt_model.bundled_prompts", lambda: prompts)


@pytest.fixture(scope="module")
def recorded_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a GELU in layer 3, not diagnosed yet."""
    folder = tmp_path_factory.mktemp("runs")
    prompts = folder / "prompts.txt"
    prompts.write_text("def add(first, second):\nfor line in open(path): print(line)\n", encoding="utf-8")
    request = RunRequest(
        reference=ReferenceRequest(str(bundled_model())),
        candidate=CandidateRequest("onnxruntime:fp16", fault=PlantedFault("D07", 3)),
        out=folder / "run",
        inputs=InputRequest(prompts),
        no_diagnosis=True,
    )
    run(request, progress=SilentProgress())
    return folder / "run"


@pytest.fixture
def faulty_run(recorded_run: Path, tmp_path: Path) -> Path:
    return shutil.copytree(recorded_run, tmp_path / "run")


def one_line(text: str) -> str:
    return " ".join(text.split())


def sources(comparison: Comparison) -> list[str]:
    return [row.tap for row in comparison.rows if row.diagnosis and row.diagnosis.role == "source"]


def test_a_planted_fault_is_answered_from_source_to_next_command(parity: Command, tmp_path: Path) -> None:
    outcome = parity("demo", "--fault", "D07", "--layer", "3", "--out", tmp_path)
    assert outcome.status == 1
    text = one_line(outcome.out)
    words = [
        "The error is born in layers.3.act (gated activation, prefill), which is wrong: the activation is GELU instead",
        "source layers.3.act (gated activation, prefill): on the candidate's own inputs the reference's operation",
        "cause the activation is GELU instead of SiLU",
        "evidence explains 99.99",
        "what is left is rounding: R ",
        "cost On its own it changes ",
        "mean KL ",
        "symptoms 34 more taps fail though their operations are right",
        "altogether On the whole the candidate changes ",
        "FAIL: 35 of 93 taps fail",
        f"next: parity report {tmp_path} --tap layers.3.act",
    ]
    places = [text.index(part) for part in words]
    assert places == sorted(places)
    assert "taking the errors of 93 taps apart" in outcome.err
    assert f"looking for what is wrong in {SOURCE}, and what it costs" in outcome.err


def test_a_sound_network_has_no_source(parity: Command, tmp_path: Path) -> None:
    outcome = parity("demo", "--out", tmp_path)
    assert outcome.status == 0
    comparison = load_comparison(tmp_path)
    assert {row.diagnosis.role for row in comparison.rows if row.diagnosis} == {"clean"}
    assert "altogether On the whole the candidate changes" in one_line(outcome.out)
    assert "looking for" not in outcome.err


def test_two_faults_in_different_layers_are_both_named(parity: Command, prompts: Path, tmp_path: Path) -> None:
    model = bundled_model()
    built = tmp_path / "built"
    assert parity("build", "--reference", model, "--dtype", "fp16", "--out", built).status == 0
    weights = load_file(built / "rank0.safetensors")
    bias = "transformer.layers.1.attention.qkv.bias"
    weights[bias] = np.zeros_like(weights[bias])
    save_file(weights, built / "rank0.safetensors")
    network = build_faulty_network(built, "D07", layer=4)
    sides = ("--reference", model, "--candidate", network)
    outcome = parity("run", *sides, "--prompts", prompts, "--out", tmp_path / "run")
    assert outcome.status == 1, outcome.err
    assert sources(load_comparison(tmp_path / "run")) == ["layers.1.q", "layers.1.k", "layers.1.v", "layers.4.act"]
    text = one_line(outcome.out)
    assert "2 different errors are born, the costliest first: " in text
    assert "the bias is missing" in text
    assert "layers.4.act (gated activation, prefill): the activation is GELU instead of SiLU" in text


def test_a_run_that_is_there_is_diagnosed_from_its_dumps(parity: Command, faulty_run: Path) -> None:
    before = load_comparison(faulty_run)
    assert before.undiagnosed == "--no-diagnosis was given"
    assert all(row.diagnosis is None for row in before.rows)
    outcome = parity("diagnose", faulty_run, "-q")
    assert outcome.status == 1
    assert "The error is born in layers.3.act" in outcome.out
    after = load_comparison(faulty_run)
    assert sources(after) == [SOURCE]
    assert after.undiagnosed == ""
    assert [row.noise for row in after.rows] == [row.noise for row in before.rows]


def test_without_a_diagnosis_it_says_so_and_how_to_have_one(parity: Command, faulty_run: Path) -> None:
    text = one_line(parity("report", faulty_run).out)
    assert "layers.3.act (silu_mul, prefill) is the first tap to leave the reference" in text
    assert "not seen Errors were not taken apart: --no-diagnosis was given." in text
    assert f"parity diagnose {faulty_run}" in text


def test_a_reference_that_is_gone_is_asked_for(parity: Command, faulty_run: Path) -> None:
    file = faulty_run / "reference" / "manifest.json"
    plain = to_plain(read_json(file, Manifest))
    plain["runner"]["source"] = "/nowhere/qwen"
    write_json(file, from_plain(Manifest, plain))
    outcome = parity("diagnose", faulty_run, "-q")
    assert outcome.status == 2
    assert "the folder that it was recorded from, /nowhere/qwen, is not here" in outcome.err
    assert "cure:  give the Hugging Face model with --reference" in outcome.err
    assert parity("diagnose", faulty_run, "--reference", bundled_model(), "-q").status == 1
    assert sources(load_comparison(faulty_run)) == [SOURCE]


def test_another_model_is_refused(parity: Command, faulty_run: Path, tiny_qwen2_dir: Path) -> None:
    outcome = parity("diagnose", faulty_run, "--reference", tiny_qwen2_dir, "-q")
    assert outcome.status == 2
    assert f"{tiny_qwen2_dir}: holds other weights than" in outcome.err


def test_another_configuration_of_the_same_weights_is_refused(
    parity: Command, faulty_run: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(bundled_model(), tmp_path / "other")
    config = other / "config.json"
    config.chmod(0o644)
    config.write_text(config.read_text().replace("1000000.0", "10000.0"))
    outcome = parity("diagnose", faulty_run, "--reference", other, "-q")
    assert outcome.status == 2
    assert "replay does not reproduce the truth at layers.0.q_rope" in outcome.err


def test_dumps_are_compared_and_diagnosed_with_the_reference_at_hand(
    parity: Command, faulty_run: Path, tmp_path: Path
) -> None:
    dumps = (faulty_run / "reference", faulty_run / "candidate")
    floor, model = ("--floor", faulty_run / "floor"), ("--reference", bundled_model())
    assert parity("compare", *dumps, *floor, *model, "--out", tmp_path / "a", "-q").status == 1
    assert sources(load_comparison(tmp_path / "a")) == [SOURCE]
    assert parity("compare", *dumps, *floor, "--out", tmp_path / "b", "-q").status == 1
    assert "no --reference was given" in load_comparison(tmp_path / "b").undiagnosed
    refused = parity("compare", *dumps, *model, "--out", tmp_path / "c", "-q")
    assert refused.status == 2
    assert "without a noise floor nothing tells" in refused.err


def test_other_limits_change_roles_and_keep_causes(parity: Command, faulty_run: Path) -> None:
    parity("diagnose", faulty_run, "-q")
    causes = load_comparison(faulty_run).row(SOURCE).diagnosis
    parity("report", faulty_run, "--limit", "layers.5.*:median=1e9", "--limit", "layers.5.*:worst_token=1e9", "-q")
    again = load_comparison(faulty_run)
    assert again.row(SOURCE).diagnosis == causes
    assert again.row("layers.5.q").diagnosis is not None
    assert again.row("layers.5.q").diagnosis.role == "clean"  # type: ignore[union-attr]
    assert again.row("layers.4.q").diagnosis.role == "carrier"  # type: ignore[union-attr]


def test_a_tap_in_depth_shows_what_was_tried_and_what_it_costs(parity: Command, faulty_run: Path) -> None:
    parity("diagnose", faulty_run, "-q")
    source = parity("report", faulty_run, "--tap", SOURCE).out
    assert "  cause      the activation is GELU instead of SiLU" in source
    assert "Causes, replayed on the candidate's own inputs" in source
    assert "activation_other" in source
    assert "its own error alone" in source
    heir = parity("report", faulty_run, "--tap", "layers.5.q").out
    assert "before     the error that came in was born in layers.3.act" in heir
    assert f"next       parity report {faulty_run} --tap layers.3.act" in heir


def test_what_was_not_captured_can_not_be_taken_apart_and_it_says_so(
    parity: Command, prompts: Path, tmp_path: Path
) -> None:
    model = bundled_model()
    built = tmp_path / "built"
    parity("build", "--reference", model, "--dtype", "fp16", "--out", built)
    network = build_faulty_network(built, "D07", layer=3)
    sides = ("--reference", model, "--candidate", network)
    text = one_line(parity("run", *sides, "--prompts", prompts, "--taps", "layers", "--out", tmp_path / "run").out)
    assert "The error is born in layers.3.resid_out (addition, prefill), which is wrong: which operation" in text
    assert "the fault lies between layers.2.resid_out and this tap: capture the taps between them" in text
    assert "--taps 'layers.3.*'" in text
    assert "not seen What goes into" in text
    assert "cost On its own it changes" in text


def test_a_model_that_can_not_be_replayed_is_compared_all_the_same(
    parity: Command, prompts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        raise ParityError(f"{folder}: rope scaling is not built")

    monkeypatch.setattr("qwen_trt_model.reference_weights.open_reference_weights", refuse)
    outcome = parity("demo", "--out", tmp_path / "run")
    assert outcome.status == 0
    assert "note: errors are not taken apart:" in outcome.err
    assert "rope scaling is not built" in load_comparison(tmp_path / "run").undiagnosed
