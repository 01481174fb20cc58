"""Layers that were run alone: each is judged by what it has read, not by what the layer before put out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy_decoder import graph_of, make_reference, run

from parity.compare_dumps import compare_dumps
from parity.comparison import Comparison
from parity.diagnose_dumps import diagnose_dumps
from parity.dump import Dump
from parity.record import record
from parity.replay import replay
from parity.runner import RunnerInfo, Sink
from parity.taps import Tap, select_taps
from parity.tokens import Phase

REFERENCE = make_reference()
GRAPH = graph_of(REFERENCE)
TAPS = select_taps(GRAPH, "all")
Arrays = Mapping[str, npt.NDArray[Any]]


class Given:
    def __init__(self, arrays: Arrays, dtype: str, flags: Mapping[str, str]) -> None:
        self.arrays, self.dtype, self.flags = arrays, dtype, flags

    def describe(self) -> RunnerInfo:
        return RunnerInfo("numpy", "random", self.dtype, "w", GRAPH, flags=self.flags)

    def capture(self, phase: Phase, taps: Sequence[Tap], sink: Sink) -> None:
        for tap in taps:
            sink(tap.name, self.arrays[tap.name])


def isolated(truth: Arrays, spoilt: str) -> Arrays:
    """Every layer fed with the truth, rounded to fp32; the operation of `spoilt` is off by a tenth."""
    values: dict[str, npt.NDArray[Any]] = {}
    for tap in TAPS:
        crosses = {name for name in tap.inputs if name == "embed" or (name.endswith("resid_out"))}
        inputs = [truth[name].astype(np.float32) if name in crosses else values[name] for name in tap.inputs]
        output = replay(REFERENCE, tap, [array.astype(np.float64) for array in inputs])
        values[tap.name] = (output * (1.1 if tap.name == spoilt else 1)).astype(np.float32)
    return values


def diagnosed(folder: Path, flags: Mapping[str, str]) -> Comparison:
    truth = run(REFERENCE, "float64")
    sides = {
        "reference": (truth, "float64", {}),
        "floor": (run(REFERENCE, "float32", seed=1), "float32", {}),
        "candidate": (isolated(truth, "layers.0.mlp_out"), "float32", flags),
    }
    phases = [Phase("prefill", REFERENCE.tokens)]
    dumps: dict[str, Dump] = {
        role: record(Given(*side), phases, taps=TAPS, role=role, out=folder / role) for role, side in sides.items()
    }
    reference, floor, candidate = dumps.values()
    comparison = compare_dumps(reference, candidate, floors=[floor])
    return diagnose_dumps(comparison, reference, candidate, weights=REFERENCE.weights, floors=[floor])


def sources(comparison: Comparison) -> list[str]:
    return [row.tap for row in comparison.rows if row.diagnosis and row.diagnosis.role == "source"]


def test_only_the_layer_that_errs_is_a_source(tmp_path: Path) -> None:
    assert sources(diagnosed(tmp_path, {"layers": "isolated"})) == ["layers.0.mlp_out"]


def test_without_being_told_the_next_layer_would_be_blamed(tmp_path: Path) -> None:
    assert set(sources(diagnosed(tmp_path, {"layers": "chained"}))) > {"layers.0.mlp_out"}
