from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_phases import Arrays, by_token, random_phase, run_network

from parity.diagnose import HYPOTHESES
from parity.errors import ParityError
from parity.taps import decoder_taps
from qwen_trt_model import read_checkpoint
from qwen_trt_model.faults import FAULTS, Plant, build_faulty_network, build_planted_network, fault_ids, get_fault

PHASE = random_phase(40, 11)
CASES = [
    pytest.param(Plant(fault.id, layer, size.name), id=f"{fault.id}-{size.name or fault.title}-{layer}")
    for fault in FAULTS.values()
    for place, size in enumerate(fault.sizes)
    for layer in ((None, 1) if fault.one_layer and place == 0 else (1,) if fault.one_layer else (None,))
]

# Forty random tokens of a random model are too few, too short or too small for these to show.
INVISIBLE = {
    ("B14", "α 2 beyond 256"),
    ("B15", "beyond 256"),
    ("B10", "q restarts every 128"),
    ("B10", "k 3 more from 200 on"),
    ("C05", "256 tokens"),
    ("C08", "cap 50"),
    ("C14", "q·k overflows beyond 64"),
    ("C14", "q·k stops at 64"),
    ("C16", "chunks of 128"),
    ("C16", "chunks of 256"),
}


@pytest.fixture(scope="session")
def clean(fp32_checkpoint: Path) -> Arrays:
    return run_network(fp32_checkpoint / "network.onnx", PHASE)


@pytest.mark.parametrize("plant", CASES)
def test_the_first_tap_that_differs_is_the_expected_one(plant: Plant, clean: Arrays, fp32_checkpoint: Path) -> None:
    fault, config = plant.fault, read_checkpoint(fp32_checkpoint).config
    if obstacle := fault.obstacle(config):
        with pytest.raises(ParityError, match=fault.id) as caught:
            build_planted_network(fp32_checkpoint, [plant], out=fp32_checkpoint / "faulty.onnx")
        assert obstacle in caught.value.problem
        return
    faulty = run_network(build_planted_network(fp32_checkpoint, [plant], out=fp32_checkpoint / "faulty.onnx"), PHASE)
    graph = decoder_taps(config.decoder_shape)
    pairs = {tap.name: tuple(by_token(run[tap.name], tap, PHASE) for run in (clean, faulty)) for tap in graph}
    differing = [name for name, pair in pairs.items() if not np.allclose(*pair, rtol=1e-6, atol=1e-7)]
    if (fault.id, plant.size) in INVISIBLE:
        return
    size = plant.sized(config)
    if not fault.last_layer:
        assert differing[0] == fault.expected_tap(plant.layer, size=size, on_request=True)
    assert next(name for name in differing if not graph[name].on_request) == plant.expected_tap(config)
    before, after = pairs["logits"]
    if fault.captured_only:
        assert {graph[name].kind for name in differing} == {graph[plant.expected_tap(config)].kind}
    elif not {"overflowed", "scores_overflowed", "nan_at_unseen_keys"} & set(fault.expected_causes(size)):
        change = np.linalg.norm(after - before) / np.linalg.norm(before)
        assert np.isfinite(after).all()
        assert change < 1e-5 if fault.harmless else change > 1e-6


def test_every_group_of_the_table_is_planted() -> None:
    asked = (
        "A01 A02 A03 A04 A06 A07 A09 A11 A13 A16 B01 B02 B03 B04 B07 B08 B09 B11 B12 B14 B15 B17 B18 "
        "C01 C02 C03 C04 C05 C09 C10 C13 C14 C15 C16 C17 D01 D04 D06 D07 D08 D09 D10 D11 D13 G01 G02 G04 G07 G10"
    )
    assert set(asked.split()) <= set(fault_ids())
    assert [fault.id for fault in FAULTS.values() if fault.harmless] == ["B09", "C13"]


def test_every_fault_that_is_computed_has_a_cause_that_there_is() -> None:
    known = {hypothesis.name for hypothesis in HYPOTHESES}
    for fault in FAULTS.values():
        for size in fault.sizes:
            causes = fault.expected_causes(size)
            assert set(causes) <= known, fault.id
            assert bool(causes) != (fault.harmless or fault.captured_only), fault.id


@pytest.mark.parametrize("fault", [fault for fault in FAULTS.values() if fault.draw], ids=lambda fault: fault.id)
def test_a_drawn_size_is_the_same_for_the_same_seed_and_can_be_built(fault_checkpoint: Path, fault) -> None:  # type: ignore[no-untyped-def]
    config = read_checkpoint(fault_checkpoint).config
    names = [Plant(fault.id, seed=seed).sized(config).name for seed in (1, 1, 2, 3, 4, 5)]
    assert names[0] == names[1]
    assert len(set(names)) > 1
    if not fault.obstacle(config):
        layer = 1 if fault.one_layer else None
        for seed in (1, 2, 3):
            build_planted_network(
                fault_checkpoint, [Plant(fault.id, layer, seed=seed)], out=fault_checkpoint / "faulty.onnx"
            )


@pytest.fixture(scope="session")
def fault_checkpoint(plain_qwen2: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from qwen_trt_model import convert

    return convert(plain_qwen2, tmp_path_factory.mktemp("drawn") / "qwen2", dtype="fp32")


def test_two_faults_are_planted_side_by_side(clean: Arrays, fp32_checkpoint: Path) -> None:
    plants = [Plant("D07", 0), Plant("D07", 2, "ReLU")]
    network = build_planted_network(fp32_checkpoint, plants, out=fp32_checkpoint / "two.onnx")
    faulty = run_network(network, PHASE)
    assert not np.array_equal(faulty["layers.0.act"], clean["layers.0.act"])
    assert (faulty["layers.2.act"] * np.sign(faulty["layers.2.up"]) >= 0).all()


def test_unknown_faults_sizes_and_layers_are_refused(fp32_checkpoint: Path) -> None:
    with pytest.raises(ParityError, match="unknown fault 'Z99'") as caught:
        build_faulty_network(fp32_checkpoint, "Z99")
    assert "A06 (gate-up-swapped)" in caught.value.cure
    with pytest.raises(ParityError, match="no size 'huge'") as caught:
        build_faulty_network(fp32_checkpoint, "D01", size="huge")
    assert "1e-05, 0.0001, 0.001" in caught.value.cure
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


def test_the_usual_size_comes_first() -> None:
    assert get_fault("B01").size().name == "base 1e4"
