from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
from foreign_networks import GRAPH, TABLE, save_lookup
from small_phases import capture_all, random_phase

from parity.engines import NetworkInfo
from parity.engines.network_info import METADATA_KEY
from parity.engines.onnxruntime import OnnxRuntimeRunner
from parity.engines.tapped_network import open_network, with_outputs
from parity.errors import ParityError

PHASE = random_phase(5, 3, vocabulary=12)


def test_a_network_without_metadata_needs_a_graph(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="does not say which taps it has"):
        OnnxRuntimeRunner(save_lookup(tmp_path / "x.onnx"))


def test_tensors_with_the_names_of_taps_are_found_and_the_rest_is_reasoned_away(tmp_path: Path) -> None:
    runner = OnnxRuntimeRunner(save_lookup(tmp_path / "x.onnx"), graph=GRAPH)
    info = runner.describe()
    assert info.graph.names == ("embed", "logits")
    assert set(info.not_observable) == {"final_norm"}
    assert "x.onnx has no tensor 'final_norm'" in info.not_observable["final_norm"]
    assert (info.model, info.dtype) == ("x.onnx", "float32")
    arrays = capture_all(runner, PHASE)
    assert np.array_equal(arrays["embed"], TABLE[PHASE.tokens.ids])
    assert np.array_equal(arrays["logits"], 2 * TABLE[PHASE.tokens.ids])


def test_a_mapping_gives_other_names_to_taps_and_inputs(tmp_path: Path) -> None:
    network = save_lookup(tmp_path / "x.onnx", ids="tokens", tensors=("/model/Gather_output_0", "out"))
    mapping = {"embed": "/model/Gather_output_0", "logits": "out", "input_ids": "tokens"}
    arrays = capture_all(OnnxRuntimeRunner(network, graph=GRAPH, mapping=mapping), PHASE)
    assert np.array_equal(arrays["embed"], TABLE[PHASE.tokens.ids])


def test_inputs_come_in_the_type_that_the_network_wants(tmp_path: Path) -> None:
    network = save_lookup(tmp_path / "x.onnx", ids_dtype=ir.DataType.INT32)
    assert "logits" in capture_all(OnnxRuntimeRunner(network, graph=GRAPH), PHASE)


def test_an_input_that_nobody_can_give_is_named(tmp_path: Path) -> None:
    network = save_lookup(tmp_path / "x.onnx", extra_input="past_key_values.0.key")
    with pytest.raises(ParityError, match=r"unknown: past_key_values\.0\.key") as caught:
        capture_all(OnnxRuntimeRunner(network, graph=GRAPH), PHASE)
    assert "without a cache" in caught.value.cure


def test_a_mapping_must_name_taps_and_tensors_that_exist(tmp_path: Path) -> None:
    network = save_lookup(tmp_path / "x.onnx")
    with pytest.raises(ParityError, match=r"no tap: layers\.0\.qq"):
        OnnxRuntimeRunner(network, graph=GRAPH, mapping={"layers.0.qq": "embed"})
    with pytest.raises(ParityError, match="not in it: absent"):
        OnnxRuntimeRunner(network, graph=GRAPH, mapping={"final_norm": "absent"})


def test_a_network_without_any_tap_is_refused(tmp_path: Path) -> None:
    network = save_lookup(tmp_path / "x.onnx", tensors=("a", "b"))
    with pytest.raises(ParityError, match="none of the 3 taps") as caught:
        OnnxRuntimeRunner(network, graph=GRAPH)
    assert "mapping" in caught.value.cure


def test_two_taps_may_be_one_tensor(tmp_path: Path) -> None:
    runner = OnnxRuntimeRunner(save_lookup(tmp_path / "x.onnx"), graph=GRAPH, mapping={"final_norm": "embed"})
    arrays = capture_all(runner, PHASE)
    assert np.array_equal(arrays["final_norm"], arrays["embed"])


def test_marking_outputs_leaves_none_behind(tmp_path: Path) -> None:
    network = open_network(save_lookup(tmp_path / "x.onnx"), graph=GRAPH, mapping=None)
    for tensors, expected in ((["embed"], ["logits", "embed"]), ([], ["logits"])):
        marked = tmp_path / "marked.onnx"
        marked.write_bytes(with_outputs(network.model, tensors))
        assert [value.name for value in ir.load(marked).graph.outputs] == expected


def test_the_digest_changes_with_the_weights_and_with_nothing_else(tmp_path: Path) -> None:
    def digest(network: Path) -> str:
        return OnnxRuntimeRunner(network, graph=GRAPH).describe().weights_digest

    first = digest(save_lookup(tmp_path / "a.onnx"))
    assert digest(save_lookup(tmp_path / "b.onnx", ids_dtype=ir.DataType.INT32)) == first
    model = ir.load(tmp_path / "a.onnx")
    model.graph.initializers["table"].const_value = ir.tensor(TABLE + 1, name="table")
    ir.save(model, tmp_path / "c.onnx")
    assert digest(tmp_path / "c.onnx") != first


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x08\x12\x03abc\x3a\xff\xff"])
def test_a_damaged_file_is_one_message(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.onnx"
    file.write_bytes(content)
    with pytest.raises(ParityError, match=r"x\.onnx"):
        OnnxRuntimeRunner(file, graph=GRAPH)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match=r"absent\.onnx: no such file"):
        OnnxRuntimeRunner(tmp_path / "absent.onnx", graph=GRAPH)


def test_metadata_of_another_version_is_refused(tmp_path: Path) -> None:
    for text in ("{", '{"model": "m"}'):
        with pytest.raises(ParityError, match=METADATA_KEY):
            NetworkInfo.from_properties({METADATA_KEY: text}, at="x.onnx")
    assert NetworkInfo.from_properties({}, at="x.onnx") is None
