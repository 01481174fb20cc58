"""What the engine inspector says, as TensorRT 8.6 says it."""

from __future__ import annotations

import json

import pytest

from parity.engines.tensorrt.inspect import layer_of_text, swallowing_layer

FOREIGN = "{ForeignNode[attention_mask/Cast...logits/MatMul]}"
MUL = {
    "Name": "rotary_table/Mul",
    "LayerType": "ElementWise",
    "Outputs": [{"Name": "rotary_table/Mul:0", "Format/Datatype": "Row major linear FP16 format"}],
    "TacticName": "launchElementwise",
    "Metadata": "[ONNX Layer: rotary_table/Mul]",
}
FUSED = {"Name": "PWN(layers.0.act/Sigmoid, layers.0.act/Mul)", "LayerType": "PointWiseV2", "Outputs": []}


def test_a_layer_is_read_with_its_kernel_and_its_formats() -> None:
    layer = layer_of_text(json.dumps(MUL))
    assert layer.name == "rotary_table/Mul"
    assert layer.kind == "ElementWise launchElementwise"
    assert layer.outputs == ("rotary_table/Mul:0 Row major linear FP16 format",)
    assert layer.contains == "[ONNX Layer: rotary_table/Mul]"


def test_line_breaks_in_strings_are_read() -> None:
    text = json.dumps({**MUL, "Operations": "auto var0 = a;"}).replace("= a;", "= a;\n\t")
    assert layer_of_text(text).name == "rotary_table/Mul"


def test_a_layer_of_which_only_the_name_is_known_is_kept() -> None:
    assert layer_of_text('"layers.0.q/MatMul"').name == "layers.0.q/MatMul"
    assert layer_of_text(f'"{FOREIGN}"').name == FOREIGN


@pytest.mark.parametrize(
    ("tensor", "name"),
    [("layers.0.act", FUSED["Name"]), ("rotary_table", MUL["Name"]), ("layers.3.q_rope", FOREIGN)],
)
def test_the_layer_that_swallowed_a_tensor_is_found(tensor: str, name: str) -> None:
    layers = [layer_of_text(json.dumps(entry)) for entry in (MUL, FUSED, {"Name": FOREIGN, "LayerType": "Myelin"})]
    found = swallowing_layer(layers, tensor)
    assert found is not None
    assert found.name == name


def test_a_tensor_that_no_layer_knows_has_none() -> None:
    assert swallowing_layer([layer_of_text(json.dumps(MUL))], "layers.3.q_rope") is None


def test_a_reformatting_layer_beside_a_block_is_no_block() -> None:
    reformat = f"Reformatting CopyNode for Output Tensor 0 to {FOREIGN}"
    layers = [layer_of_text(json.dumps({"Name": name})) for name in (FOREIGN, reformat)]
    found = swallowing_layer(layers, "layers.3.act")
    assert found is not None
    assert found.name == FOREIGN


ORDER = ("embed", "layers.0.q", "layers.0.k", "layers.0.attn_out", "layers.0.act", "logits")
BLOCKS = (
    "{ForeignNode[attention_mask/Cast...layers.0.k/Reshape]}",
    "{ForeignNode[layers.0.attn_out/MatMul...logits/Cast]}",
)


@pytest.mark.parametrize(
    ("tensor", "block"), [("layers.0.q", 0), ("layers.0.k", 0), ("layers.0.act", 1), ("embed", 0), ("elsewhere", None)]
)
def test_of_several_blocks_it_is_the_one_around_the_tensor(tensor: str, block: int | None) -> None:
    layers = [layer_of_text(json.dumps({"Name": name})) for name in BLOCKS]
    found = swallowing_layer(layers, tensor, ORDER)
    assert (found and found.name) == (None if block is None else BLOCKS[block])
