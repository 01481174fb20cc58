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
