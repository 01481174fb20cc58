"""Faults that real ports have had, planted into the bundled model's network and run by a real engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from parity.compare_dumps import compare_dumps
from parity.comparison import Comparison
from parity.dump import Dump
from parity.engines.onnxruntime import OnnxRuntimeRunner
from parity.hooks import TransformersRunner, encode_prompts, load_tokenizer
from parity.preflight import preflight_dumps
from parity.prompts import read_prompts
from parity.record import record
from parity.taps import select_taps
from parity.tokens import Phase
from qwen_trt_model import build_network, bundled_model, bundled_prompts, convert
from qwen_trt_model.faults import build_faulty_network, get_fault

# Norm epsilon changes the norms of this model by less than fp16 rounds, so that fault is for fp32 alone.
_FP32_ONLY = {"D01"}

# Long enough for faults that grow with the position, short enough for a run of the engine for each fault.
_LONGEST_TEXT = 600

FAULTS = (
    ("A02", 3),
    ("A04", 2),
    ("A06", 4),
    ("A06", None),
    ("A09", None),
    ("A13", None),
    ("B01", 2),
    ("B01", None),
    ("B03", None),
    ("B18", None),
    ("C03", 1),
    ("C04", None),
    ("D01", None),
    ("D07", 3),
    ("G01", None),
)


@dataclass(frozen=True)
class Sides:
    """Truth, floors and checkpoints of the bundled model, recorded once for all faults."""

    truth: Dump
    floors: Mapping[str, Dump]
    checkpoints: Mapping[str, Path]

    def compared(self, network: Path, dtype: str) -> Comparison:
        graph = self.truth.manifest.runner.graph
        phases = [Phase("prefill", self.truth.phase("prefill").tokens)]
        runner = OnnxRuntimeRunner(network, graph=graph)
        taps = select_taps(graph, "all")
        out = self.checkpoints[dtype].parent / f"{network.stem}-dump"
        candidate = record(runner, phases, taps=taps, role="candidate", out=out)
        floors = [self.floors[dtype]]
        findings = preflight_dumps(self.truth, candidate, floors=floors)
        return replace(compare_dumps(self.truth, candidate, floors=floors), preflight=findings)


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Sides:
    folder = tmp_path_factory.mktemp("faults")
    source = bundled_model()
    prompts = [prompt for prompt in read_prompts(bundled_prompts()) if len(prompt.text or "") < _LONGEST_TEXT]
    tokens = encode_prompts(prompts, load_tokenizer(source), max_positions=None)
    phases = [Phase("prefill", tokens)]
    runner = TransformersRunner(source, dtype="float64")
    taps = select_taps(runner.describe().graph, "all")
    truth = record(runner, phases, taps=taps, role="reference", out=folder / "truth")
    floors, checkpoints = {}, {}
    for dtype in ("float32", "float16"):
        floor = TransformersRunner(source, dtype=dtype)
        floors[dtype] = record(floor, phases, taps=taps, role="floor", out=folder / f"floor-{dtype}")
        checkpoints[dtype] = convert(source, folder / dtype / "checkpoint", dtype=dtype)
    return Sides(truth, floors, checkpoints)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(("fault_id", "layer"), FAULTS)
def test_a_planted_fault_is_a_mismatch_with_the_right_first_tap(
    sides: Sides, fault_id: str, layer: int | None, dtype: str
) -> None:
    if dtype == "float16" and fault_id in _FP32_ONLY:
        pytest.skip(f"{fault_id} is smaller than one rounding to {dtype}")
    checkpoint = sides.checkpoints[dtype]
    network = build_faulty_network(checkpoint, fault_id, layer=layer, out=checkpoint / f"{fault_id}-{layer}.onnx")
    comparison = sides.compared(network, dtype)
    first = comparison.first_divergence
    assert first is not None
    assert first.status == "mismatch", first.reason
    assert first.tap == get_fault(fault_id).expected_tap(layer)
    errors = [finding.check for finding in comparison.preflight if finding.severity == "error"]
    assert errors == (["embedding_rows"] if fault_id == "G01" else [])


@pytest.mark.parametrize(("dtype", "largest"), [("float32", 3.0), ("float16", 2.0)])
def test_the_sound_network_has_parity(sides: Sides, dtype: str, largest: float) -> None:
    comparison = sides.compared(build_network(sides.checkpoints[dtype]), dtype)
    assert comparison.passed, comparison.first_divergence
    assert comparison.preflight == ()
    assert max(row.noise.noise_ratio for row in comparison.rows if row.noise) <= largest
    assert dtype == "float16" or not any(row.flagged for row in comparison.rows)
