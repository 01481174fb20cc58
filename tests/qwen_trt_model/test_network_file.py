from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from parity.engines import NetworkInfo
from parity.errors import ParityError
from parity.taps import decoder_taps
from qwen_trt_model import build_network, convert, read_checkpoint

# What TensorRT 8.6's parser has, of what is used here (onnx-tensorrt 8.6, docs/operators.md).
TENSORRT_8_6 = {
    "Add", "And", "Cast", "Concat", "Div", "Equal", "Gather", "Identity", "LessOrEqual", "MatMul", "Mul", "Or", "Range",
    "Reciprocal", "ReduceMean", "Reshape", "Shape", "Sigmoid", "Softmax", "Split", "Sqrt", "Sub", "Transpose",
    "Unsqueeze", "Where",
}  # fmt: skip


@pytest.fixture(params=["fp32", "fp16", "bf16"])
def network(request: pytest.FixtureRequest, plain_model: Path, tmp_path: Path) -> Path:
    return build_network(convert(plain_model, tmp_path / "checkpoint", dtype=request.param))


def test_the_onnx_checker_accepts_it_with_shapes(network: Path) -> None:
    onnx.checker.check_model(str(network), full_check=True)


def test_weights_are_pointed_to_and_never_copied(network: Path) -> None:
    checkpoint = read_checkpoint(network.parent)
    model = ir.load(network)
    external = {
        name: value.const_value
        for name, value in model.graph.initializers.items()
        if isinstance(value.const_value, ir.ExternalTensor)
    }
    assert set(external) == set(checkpoint.tensors)
    for name, tensor in external.items():
        assert tensor.location == "rank0.safetensors"
        assert np.array_equal(tensor.numpy(), checkpoint.array(name), equal_nan=True)
    inline = sum(
        value.const_value.nbytes
        for name, value in model.graph.initializers.items()
        if name not in external and value.const_value is not None
    )
    rotary_tables = 2 * (2 + 2**17 // 256 + 256) * checkpoint.config.head_size // 2 * 4
    assert inline < rotary_tables + 1000
    assert network.stat().st_size < rotary_tables + 60_000
    assert sorted(path.name for path in network.parent.iterdir()) == [
        "config.json",
        "conversion.json",
        "network.onnx",
        "rank0.safetensors",
    ]


def test_every_tap_is_a_tensor_with_its_shape(network: Path) -> None:
    model = ir.load(network)
    values = {value.name: value for node in model.graph for value in node.outputs}
    checkpoint = read_checkpoint(network.parent)
    for tap in decoder_taps(checkpoint.config.decoder_shape):
        shape = values[tap.name].shape
        assert shape is not None
        sizes = tuple(size if isinstance(size, int) else None for size in shape)
        assert sizes == tap.sizes, tap.name


def test_it_has_three_inputs_and_gives_logits_alone(network: Path) -> None:
    graph = ir.load(network).graph
    assert [value.name for value in graph.inputs] == ["input_ids", "position_ids", "attention_mask"]
    assert [value.name for value in graph.outputs] == ["logits"]
    assert all(value.dtype == ir.DataType.INT64 for value in graph.inputs)


def test_it_keeps_to_what_tensorrt_8_6_reads(network: Path) -> None:
    model = ir.load(network)
    assert model.opset_imports == {"": 17}
    assert {node.op_type for node in model.graph} <= TENSORRT_8_6
    assert {node.domain for node in model.graph} == {""}


def test_node_names_are_unique_and_say_where_they_belong(network: Path) -> None:
    names = [node.name or "" for node in ir.load(network).graph]
    assert len(set(names)) == len(names)
    assert "layers.2.attn_out/MatMul" in names
    assert "rotary_table/Gather" in names


def test_it_says_what_it_is(network: Path) -> None:
    info = NetworkInfo.from_properties(ir.load(network).metadata_props, at="network")
    assert info is not None
    config = read_checkpoint(network.parent).config
    assert info.shape == config.decoder_shape
    assert info.dtype == config.dtype
    assert info.flags["weights"].startswith("bfloat16")


def test_it_must_lie_beside_its_weights(fp32_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="must lie beside its weights"):
        build_network(fp32_checkpoint, out=tmp_path / "network.onnx")


def test_building_twice_gives_the_same_bytes(fp32_checkpoint: Path) -> None:
    first = build_network(fp32_checkpoint).read_bytes()
    assert build_network(fp32_checkpoint).read_bytes() == first
