"""Precision of graphs that others exported: constants as nodes, casts of their own, outputs that are no taps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir
import pytest
from onnx.reference import ReferenceEvaluator

from parity.engines.precision import with_precision
from parity.engines.precision_file import PrecisionAssignment
from parity.errors import ParityError

HALF, WIDE, BF16 = ir.DataType.FLOAT16, ir.DataType.FLOAT, ir.DataType.BFLOAT16
TENSORS = {"x": "a", "y": "b"}
X = np.linspace(0.3, 3.1, 64).reshape(1, 8, 8).astype(np.float16)


class Foreign:
    """A graph under construction, of an input ``x`` in fp16."""

    def __init__(self) -> None:
        self.tape = ir.tape.Tape()
        self.x = ir.val("x", HALF, (1, 8, 8))
        self.count = 0

    def op(
        self, kind: str, *inputs: ir.Value, dtype: ir.DataType = HALF, name: str = "", **attributes: Any
    ) -> ir.Value:
        value = self.tape.op(kind, inputs, attributes)
        self.count += 1
        value.name, value.dtype = name or f"inner.{self.count}", dtype
        assert value.producer() is not None
        value.producer().name = f"node.{self.count}"  # type: ignore[union-attr]
        return value

    def model(self, *outputs: ir.Value) -> ir.Model:
        graph = ir.Graph([self.x], outputs, nodes=self.tape.nodes, opset_imports={"": 17}, name="foreign")
        return ir.Model(graph, ir_version=8)


def run(model: ir.Model) -> list[npt.NDArray[Any]]:
    arrays: list[npt.NDArray[Any]] = ReferenceEvaluator(ir.to_proto(model)).run(None, {"x": X})
    return arrays


def widened(model: ir.Model, *taps: str) -> ir.Model:
    return with_precision(model, PrecisionAssignment(taps), tensors=TENSORS)


def test_constants_that_are_nodes_are_cast_and_stay() -> None:
    g = Foreign()
    third = g.op("Constant", value=ir.tensor(np.array(1 / 3, dtype=np.float16)))
    changed = widened(g.model(g.op("Mul", g.op("Mul", g.x, third), g.x, name="a")), "x")
    wide = X.astype(np.float32)
    assert np.array_equal(run(changed)[0], (wide * np.float32(np.float16(1 / 3)) * wide).astype(np.float16))
    assert [node.op_type for node in changed.graph].count("Constant") == 1


def test_casts_to_16_bits_within_an_operation_round_no_more() -> None:
    g = Foreign()
    square = g.op("Mul", g.x, g.x)
    coarse = g.op("Cast", g.op("Cast", square, dtype=BF16, to=BF16), to=HALF)
    model = g.model(g.op("Add", coarse, g.x, name="a"))
    wide = X.astype(np.float32)
    exact = (wide * wide + wide).astype(np.float16)
    assert not np.array_equal(run(model)[0], exact)
    changed = widened(model, "x")
    assert np.array_equal(run(changed)[0], exact)
    assert BF16 not in {value.dtype for node in changed.graph for value in node.outputs}


def test_what_is_moved_between_two_roundings_is_not_rounded_either() -> None:
    g = Foreign()
    turned = g.op("Transpose", g.op("Mul", g.x, g.x), perm=[0, 2, 1])
    changed = widened(g.model(g.op("Add", turned, g.x, name="a")), "x")
    wide = X.astype(np.float32)
    assert np.array_equal(run(changed)[0], ((wide * wide).swapaxes(1, 2) + wide).astype(np.float16))


def test_a_result_that_is_rounded_once_and_moved_is_left_alone() -> None:
    g = Foreign()
    root = g.op("Sqrt", g.op("Cast", g.x, dtype=WIDE, to=WIDE), dtype=WIDE)
    model = g.model(g.op("Transpose", g.op("Cast", root, to=HALF), perm=[0, 2, 1], name="a"))
    assert ir.to_proto(widened(model, "x")).SerializeToString() == ir.to_proto(model).SerializeToString()


def test_what_others_read_of_an_operation_keeps_its_type() -> None:
    g = Foreign()
    inner = g.op("Mul", g.x, g.x, name="inner")
    tap = g.op("Add", inner, g.x, name="a")
    other = g.op("Sub", inner, tap, name="b")
    changed = widened(g.model(tap, other, inner), "x")
    assert [output.dtype for output in changed.graph.outputs] == [HALF, HALF, HALF]
    assert [output.name for output in changed.graph.outputs] == ["a", "b", "inner"]
    sub = next(node for node in changed.graph if node.op_type == "Sub")
    assert [value and value.dtype for value in sub.inputs] == [HALF, HALF]
    wide = X.astype(np.float32)
    a, b, product = run(changed)
    assert np.array_equal(product, (wide * wide).astype(np.float16))
    assert np.array_equal(a, (wide * wide + wide).astype(np.float16))
    assert np.array_equal(b, product - a)


def test_an_output_that_is_a_cast_is_rounded_once() -> None:
    g = Foreign()
    square = g.op("Mul", g.x, g.x)
    tap = g.op("Cast", g.op("Sqrt", square), dtype=BF16, to=BF16, name="a")
    next_tap = g.op("Mul", tap, tap, dtype=BF16, name="b")
    changed = widened(g.model(tap, next_tap), "x", "y")
    assert [output.dtype for output in changed.graph.outputs] == [BF16, BF16]
    first, second = (array.astype(np.float32) for array in run(changed))
    wide = X.astype(np.float32)
    assert np.array_equal(first, bf16(np.sqrt(wide * wide)))
    assert np.array_equal(second, bf16(first * first))


def test_nodes_whose_type_is_their_own_stay_in_it() -> None:
    g = Foreign()
    ramp = g.op("CastLike", g.op("Mul", g.x, g.x), g.x)
    changed = widened(g.model(g.op("Mul", ramp, g.x, name="a")), "x")
    like = next(node for node in changed.graph if node.op_type == "CastLike")
    assert [value.dtype for value in like.outputs] == [HALF]
    wide = X.astype(np.float32)
    assert np.array_equal(
        run(changed)[0], ((wide * wide).astype(np.float16).astype(np.float32) * wide).astype(np.float16)
    )


def test_comparisons_read_what_was_not_rounded() -> None:
    g = Foreign()
    square = g.op("Mul", g.x, g.x)
    larger = g.op("Greater", square, g.x, dtype=ir.DataType.BOOL)
    changed = widened(g.model(g.op("Where", larger, square, g.x, name="a")), "x")
    wide = X.astype(np.float32)
    assert np.array_equal(run(changed)[0], np.where(wide * wide > wide, wide * wide, wide).astype(np.float16))
    greater = next(node for node in changed.graph if node.op_type == "Greater")
    assert [value and value.dtype for value in greater.inputs] == [WIDE, WIDE]


def test_a_tensor_of_unknown_type_is_named_with_the_cure() -> None:
    g = Foreign()
    square = g.op("Mul", g.x, g.x, name="nameless.type")
    model = g.model(g.op("Add", square, g.x, name="a"))
    square.dtype = None
    square.type = None
    with pytest.raises(ParityError, match=r"types of 1 tensors are not in the network: nameless\.type") as caught:
        widened(model, "x")
    assert "infer_shapes" in caught.value.cure


def bf16(array: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    import ml_dtypes

    rounded: npt.NDArray[np.float32] = array.astype(ml_dtypes.bfloat16).astype(np.float32)
    return rounded
