"""TF32 and foreign weights show in the reference's own matrix products."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from given_dumps import GivenSide, store_side
from numpy_decoder import Fault, graph_of, make_reference, run

from parity.dump import Dump
from parity.preflight import preflight_reference
from parity.replay.arrays import Floats, widened
from parity.replay.replay import Reference

REFERENCE = make_reference()
GRAPH = graph_of(REFERENCE)


def stored(folder: Path, dtype: str, faults: dict[str, Fault] | None = None) -> Dump:
    arrays = run(REFERENCE, dtype, faults=faults or {})
    return store_side(folder, GivenSide("transformers", dtype, GRAPH, arrays), "reference", REFERENCE.tokens)


def tf32(array: Floats) -> Floats:
    """Ten bits behind the point, as tensor cores read fp32 operands."""
    bits: npt.NDArray[np.uint32] = array.astype(np.float32).view(np.uint32)
    return widened(((bits + 0x1000) & np.uint32(0xFFFFE000)).view(np.float32))


def in_tf32(tap: str) -> Fault:
    def product(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        parameters = reference.weights.parameters(tap)
        assert parameters.weight is not None
        flat = tf32(inputs[0].reshape(*inputs[0].shape[:2], -1))
        bias = 0.0 if parameters.bias is None else widened(parameters.bias)
        return flat @ tf32(widened(parameters.weight)).T + bias

    return product


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_honest_products_are_no_finding(dtype: str, tmp_path: Path) -> None:
    assert preflight_reference(stored(tmp_path, dtype), REFERENCE.weights) == ()


def test_tf32_in_every_product_is_told_by_its_bits(tmp_path: Path) -> None:
    linear = [tap.name for tap in GRAPH if tap.op == "linear"]
    dump = stored(tmp_path, "float32", {name: in_tf32(name) for name in linear})
    (finding,) = preflight_reference(dump, REFERENCE.weights)
    assert finding.severity == "error"
    assert "6 of 6 recomputed linear layers differ" in finding.sentence
    assert "its products have about 11 bits, where float32 has more" in finding.sentence


def test_weights_of_another_model_are_told(tmp_path: Path) -> None:
    (finding,) = preflight_reference(stored(tmp_path, "float32"), make_reference(seed=5).weights)
    assert "the reference was not run with these weights" in finding.sentence
