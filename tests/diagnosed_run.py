"""A run on disk with a broken operation in it, recorded, compared and diagnosed by the real code."""

from __future__ import annotations

from pathlib import Path

from numpy_decoder import graph_of, make_reference, run
from small_run import ArrayRunner

from parity.compare_dumps import compare_dumps
from parity.comparison import save_comparison
from parity.diagnose_dumps import diagnose_dumps
from parity.record import record
from parity.replay.arrays import Floats
from parity.replay.replay import Reference
from parity.taps import select_taps
from parity.tokens import Phase

__all__ = ["SOURCE", "make_diagnosed_run"]

SOURCE = "layers.1.act"
"""The tap whose operation is broken: the activation is missing."""

REFERENCE = make_reference()


def make_diagnosed_run(folder: Path) -> Path:
    """Record, compare and diagnose a run in `folder` and return it."""
    graph = graph_of(REFERENCE)
    arrays = {
        "reference": ("float64", run(REFERENCE, "float64")),
        "floor": ("float32", run(REFERENCE, "float32", seed=1)),
        "candidate": ("float32", run(REFERENCE, "float32", seed=2, faults={SOURCE: _without_activation})),
    }
    dumps = {
        role: record(
            ArrayRunner("numpy", dtype, values, graph=graph),
            [Phase("prefill", REFERENCE.tokens)],
            taps=select_taps(graph, "all"),
            role=role,
            out=folder / role,
        )
        for role, (dtype, values) in arrays.items()
    }
    truth, candidate, floors = dumps["reference"], dumps["candidate"], [dumps["floor"]]
    comparison = compare_dumps(truth, candidate, floors=floors, relative_to=folder)
    diagnosed = diagnose_dumps(comparison, truth, candidate, weights=REFERENCE.weights, floors=floors)
    save_comparison(diagnosed, folder / "comparison.json")
    return folder


def _without_activation(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
    return inputs[0] * inputs[1]
