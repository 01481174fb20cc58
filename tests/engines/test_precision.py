from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
from explicit_network import evaluate, roundings_off, save_marked
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_models import huggingface_config, save_model
from small_phases import random_phase, run_network

from parity.engines.network_info import METADATA_KEY, NetworkInfo
from parity.engines.precision import PRECISION_FLAG, with_precision
from parity.engines.precision_file import PrecisionAssignment
from parity.engines.tapped_network import TappedNetwork, open_network
from parity.errors import ParityError
from parity.replay import Reference
from qwen_trt_model import build_network, convert
from qwen_trt_model.reference_weights import open_reference_weights

PHASE = random_phase(9, 4)
BEST = 0.501
KINDS = ("input_norm", "q", "k", "v", "attn_ctx", "attn_out", "resid_mid", "post_norm", "gate", "up", "act", "mlp_out")
NARROW = (ir.DataType.FLOAT16, ir.DataType.BFLOAT16)


@dataclass(frozen=True, eq=False)
class Subject:
    network: TappedNetwork
    reference: Reference

    def changed(self, *fp32: str) -> ir.Model:
        return with_precision(self.network.model, PrecisionAssignment(fp32), tensors=self.network.tensors)


def make_subject(folder: Path, model_type: str, dtype: str) -> Subject:
    model = save_model(folder / "model", huggingface_config(model_type))
    network = open_network(build_network(convert(model, folder / "network", dtype=dtype)), graph=None, mapping=None)
    return Subject(network, Reference(open_reference_weights(model), PHASE.tokens))


@pytest.fixture(scope="module", params=["qwen2", "qwen3"])
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return make_subject(tmp_path_factory.mktemp("precision"), request.param, "fp16")


@given(layers=st.lists(st.sampled_from(["0", "1", "2", "*"]), min_size=1, max_size=3, unique=True), data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_choice_of_operations_is_rounded_once_and_leaves_the_rest_alone(
    subject: Subject, layers: list[str], data: st.DataObject
) -> None:
    kinds = data.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=5, unique=True))
    patterns = [f"layers.{layer}.{kind}" for layer in layers for kind in kinds]
    changed, original = subject.changed(*patterns), subject.network.model
    assert serialized(
        with_precision(changed, PrecisionAssignment(tuple(patterns)), tensors=subject.network.tensors)
    ) == (serialized(changed))
    captured = evaluate(save_marked(changed, subject.network, "chosen.onnx"), subject.network, PHASE)
    for name in PrecisionAssignment(tuple(patterns)).select(subject.network.graph.names):
        assert roundings_off(subject.reference, subject.network.graph[name], captured) <= BEST, name
    assert signatures(changed, subject) == signatures(original, subject)
    touched = tuple(pattern.rpartition(".")[2] for pattern in patterns)
    shared = ("qkv",) if {"q", "k", "v"} & set(touched) else ()
    kept = [node for node in original.graph if scope_kind(node) not in (*touched, *shared)]
    after = {node.name: node for node in changed.graph}
    assert [types(after[str(node.name)]) for node in kept] == [types(node) for node in kept]


def test_the_network_itself_rounds_more_often(subject: Subject) -> None:
    """What the test above holds operations to is not what they do anyway."""
    captured = evaluate(save_marked(subject.network.model, subject.network, "plain.onnx"), subject.network, PHASE)
    for name in ("layers.0.input_norm", "layers.1.act", "final_norm"):
        assert roundings_off(subject.reference, subject.network.graph[name], captured) > 0.6, name


def test_everything_in_fp32_is_fp32_arithmetic_rounded_at_taps_in_onnx_runtime(subject: Subject) -> None:
    path = save_marked(subject.changed("*"), subject.network, "all.onnx")
    for level in ("all", "disabled"):
        captured = run_network(path, PHASE, level=level)
        for tap in subject.network.graph:
            if tap.op not in ("scores", "softmax"):
                assert captured[tap.name].dtype == np.float16, tap.name
                assert roundings_off(subject.reference, tap, captured) <= BEST, (level, tap.name)


def test_everything_in_fp32_leaves_no_arithmetic_in_16_bits(subject: Subject) -> None:
    moving = {"Cast", "Gather", "Transpose", "Reshape", "Split"}
    narrow = {
        node.op_type for node in subject.changed("*").graph if any(value.dtype in NARROW for value in node.outputs)
    }
    assert narrow <= moving


def test_weights_stay_where_they_are(subject: Subject) -> None:
    before, after = subject.network.model.graph.initializers, subject.changed("*").graph.initializers
    assert set(before) == set(after)
    for name, value in before.items():
        if isinstance(value.const_value, ir.ExternalTensor):
            other = after[name].const_value
            assert isinstance(other, ir.ExternalTensor)
            assert (other.location, other.offset, other.length, other.dtype) == (
                *(value.const_value.location, value.const_value.offset),
                *(value.const_value.length, value.const_value.dtype),
            )


def test_weights_are_transposed_as_they_are_stored_and_cast_just_before_their_product(subject: Subject) -> None:
    products = [node for node in subject.changed("*.gate", "logits").graph if scope_kind(node) in ("gate", "logits")]
    assert [(node.op_type, node.outputs[0].dtype) for node in products if node.op_type in ("Transpose", "MatMul")] == [
        *[("Transpose", ir.DataType.FLOAT16), ("MatMul", ir.DataType.FLOAT)] * 4
    ]


def test_the_model_that_is_given_stays_as_it_is(subject: Subject) -> None:
    before = serialized(subject.network.model)
    subject.changed("*")
    assert serialized(subject.network.model) == before


def test_what_computes_in_fp32_already_is_left_alone(subject: Subject) -> None:
    changed = subject.changed("embed", "*.q_rope", "*.k_rope", "*.scores", "*.probs")
    assert [node.name for node in changed.graph] == [node.name for node in subject.network.model.graph]
    assert without_metadata(changed) == without_metadata(subject.network.model)


def test_choices_can_be_added_to_one_another(subject: Subject) -> None:
    tensors = subject.network.tensors
    first = subject.changed("layers.1.q", "*.act")
    both = with_precision(first, PrecisionAssignment(("layers.1.k", "logits")), tensors=tensors)
    at_once = subject.changed("layers.1.q", "*.act", "layers.1.k", "logits")
    arrays = [
        evaluate(save_marked(model, subject.network, "added.onnx"), subject.network, PHASE) for model in (both, at_once)
    ]
    assert all(np.array_equal(arrays[0][name], arrays[1][name]) for name in arrays[1])
    assert len(list(both.graph)) == len(list(at_once.graph))


def test_one_part_of_a_fused_projection_takes_the_others_with_it(tmp_path: Path) -> None:
    subject = make_subject(tmp_path, "qwen2", "fp16")
    changed = subject.changed("layers.0.k")
    assert {value.dtype for node in changed.graph if node.name == "layers.0.qkv/MatMul" for value in node.outputs} == {
        ir.DataType.FLOAT
    }
    captured = evaluate(save_marked(changed, subject.network, "part.onnx"), subject.network, PHASE)
    for name in ("layers.0.q", "layers.0.k", "layers.0.v"):
        assert roundings_off(subject.reference, subject.network.graph[name], captured) <= BEST, name


def test_bfloat16_networks_too(tmp_path: Path) -> None:
    subject = make_subject(tmp_path, "qwen3", "bf16")
    changed = subject.changed("*")
    save_marked(changed, subject.network, "bf16.onnx")
    assert signatures(changed, subject) == signatures(subject.network.model, subject)
    matmuls = [node for node in changed.graph if node.op_type == "MatMul"]
    assert all(value is not None and value.dtype == ir.DataType.FLOAT for node in matmuls for value in node.inputs)


def test_the_network_says_which_operations_run_in_fp32(subject: Subject) -> None:
    def flags(model: ir.Model) -> str:
        info = NetworkInfo.from_properties(model.metadata_props, at="test")
        assert info is not None
        return info.flags.get(PRECISION_FLAG, "none")

    once = subject.changed("*.act", "logits")
    assert flags(subject.changed()) == "none"
    assert flags(once) == "*.act, logits"
    again = with_precision(once, PrecisionAssignment(("logits", "*.q")), tensors=subject.network.tensors)
    assert flags(again) == "*.act, logits, *.q"


def test_a_pattern_that_matches_nothing_is_refused(subject: Subject) -> None:
    with pytest.raises(ParityError, match=r"layers\.\*\.experts matches none of the") as caught:
        subject.changed("logits", "layers.*.experts")
    assert "layers.*.q" in caught.value.cure


def scope_kind(node: ir.Node) -> str:
    return str(node.name).partition("/")[0].rpartition(".")[2]


def types(node: ir.Node) -> tuple[object, ...]:
    return (node.op_type, *(value and value.dtype for value in node.inputs), *(value.dtype for value in node.outputs))


def signatures(model: ir.Model, subject: Subject) -> dict[str, tuple[object, ...]]:
    values = {value.name: value for node in model.graph for value in node.outputs}
    return {name: (values[name].dtype, str(values[name].shape)) for name in subject.network.graph.names}


def serialized(model: ir.Model) -> bytes:
    return bytes(ir.to_proto(model).SerializeToString())


def without_metadata(model: ir.Model) -> bytes:
    bare = ir.from_proto(ir.to_proto(model))
    info = NetworkInfo.from_properties(bare.metadata_props, at="test")
    assert info is not None
    bare.metadata_props[METADATA_KEY] = replace(info, flags={}).to_properties()[METADATA_KEY]
    return serialized(bare)
