from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_phases import Arrays, by_token, random_phase, run_network

from parity.errors import ParityError
from parity.taps import decoder_taps
from qwen_trt_model import read_checkpoint
from qwen_trt_model.faults import FAULTS, build_faulty_network, fault_ids, get_fault

PHASE = random_phase(40, 11)
CASES = [
    pytest.param(fault.id, layer, id=f"{fault.id}-{fault.title}-{'all' if layer is None else layer}")
    for fault in FAULTS.values()
    for layer in ((None, 1) if fault.one_layer else (None,))
]


@pytest.fixture(scope="session")
def clean(fp32_checkpoint: Path) -> Arrays:
    return run_network(fp32_checkpoint / "network.onnx", PHASE)


@pytest.mark.parametrize(("fault_id", "layer"), CASES)
def test_the_first_tap_that_differs_is_the_expected_one(
    fault_id: str, layer: int | None, clean: Arrays, fp32_checkpoint: Path
) -> None:
    fault, config = get_fault(fault_id), read_checkpoint(fp32_checkpoint).config
    if obstacle := fault.obstacle(config):
        with pytest.raises(ParityError, match=fault.id) as caught:
            build_faulty_network(fp32_checkpoint, fault_id, layer=layer)
        assert obstacle in caught.value.problem
        return
    faulty = run_network(build_faulty_network(fp32_checkpoint, fault_id, layer=layer), PHASE)
    graph = decoder_taps(config.decoder_shape)
    pairs = {tap.name: tuple(by_token(run[tap.name], tap, PHASE) for run in (clean, faulty)) for tap in graph}
    differing = [name for name, (before, after) in pairs.items() if not np.array_equal(before, after)]
    assert differing[0] == fault.expected_tap(layer, on_request=True)
    assert next(name for name in differing if not graph[name].on_request) == fault.expected_tap(layer)
    before, after = pairs["logits"]
    change = np.linalg.norm(after - before) / np.linalg.norm(before)
    assert np.isfinite(after).all()
    assert change < 1e-5 if fault.harmless else change > 1e-6


def test_every_group_of_the_table_is_planted() -> None:
    asked = "A01 A02 A04 A06 A07 A09 A11 A13 B01 B03 B04 B07 B09 B18 C02 C03 C04 C05 D01 D04 D07 G01"
    assert set(asked.split()) <= set(fault_ids())
    assert [fault.id for fault in FAULTS.values() if fault.harmless] == ["B09"]


def test_unknown_faults_and_layers_are_refused(fp32_checkpoint: Path) -> None:
    with pytest.raises(ParityError, match="unknown fault 'Z99'") as caught:
        build_faulty_network(fp32_checkpoint, "Z99")
    assert "A06 (gate-up-swapped)" in caught.value.cure
    with pytest.raises(ParityError, match="no layer 3") as caught:
        build_faulty_network(fp32_checkpoint, "A06", layer=3)
    assert "0 to 2" in caught.value.cure
    with pytest.raises(ParityError, match=r"A13 .* lies outside the layers"):
        build_faulty_network(fp32_checkpoint, "A13", layer=0)


def test_a_faulty_network_says_so_in_its_name_and_flags(fp32_checkpoint: Path) -> None:
    from parity.engines.onnxruntime import OnnxRuntimeRunner

    network = build_faulty_network(fp32_checkpoint, "A06", layer=2)
    assert network.name == "network.A06.layer2.onnx"
    assert OnnxRuntimeRunner(network).describe().flags["planted_fault"] == "A06 gate-up-swapped, in layer 2"
