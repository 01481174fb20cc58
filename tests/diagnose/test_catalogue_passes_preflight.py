"""Faults of layers are no findings of preflight: only faults of what goes in may be."""

from __future__ import annotations

from pathlib import Path

import pytest
from fault_catalogue import PlantedFault, planted_faults
from given_dumps import GivenSide, store_side
from numpy_decoder import QWEN3, graph_of, make_reference, run

from parity.preflight import preflight_dumps

OTHER_IDS = {"embedding_rows"}
FAULTS = tuple(planted_faults())
REFERENCES = {False: make_reference(), True: make_reference(QWEN3)}


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("planted", FAULTS, ids=[f"{planted.cause}-{planted.tap}" for planted in FAULTS])
def test_a_fault_of_a_layer_is_no_error_before_the_layers(planted: PlantedFault, dtype: str, tmp_path: Path) -> None:
    reference = REFERENCES[planted.qwen3]
    faults = {} if planted.fault is None else {planted.tap: planted.fault}
    arrays = run(reference, dtype, seed=2, faults=faults)
    if planted.stored is not None:
        arrays[planted.tap] = planted.stored(arrays[planted.tap].astype("float64")).astype(arrays[planted.tap].dtype)
    sides = {
        "reference": (run(reference, "float64"), "float64", "transformers"),
        "candidate": (arrays, dtype, "onnxruntime"),
        "floor": (run(reference, dtype, seed=1), dtype, "transformers"),
    }
    dumps = {
        role: store_side(tmp_path, GivenSide(runner, kind, graph_of(reference), given), role, reference.tokens)
        for role, (given, kind, runner) in sides.items()
    }
    findings = preflight_dumps(dumps["reference"], dumps["candidate"], floors=[dumps["floor"]])
    errors = [finding for finding in findings if finding.severity == "error"]
    assert [finding.check for finding in errors] == (["embedding_rows"] if planted.cause in OTHER_IDS else [])
