"""Telling the layers of two engines apart."""

from __future__ import annotations

from parity.observer.layers import compare_layers
from parity.runner import EngineLayer

MUL = EngineLayer("rotary/Mul", "PointWise k1", ("angles Row major linear FP16",))
MATMUL = EngineLayer("q/MatMul", "gemm k1", ("q Row major linear FP16",))
FUSED = EngineLayer("{ForeignNode[a...b]}", "Myelin", ("logits Row major linear FP16",))


def test_layers_of_one_name_with_other_formats_come_first_and_say_both() -> None:
    wide = EngineLayer("rotary/Mul", "PointWise k1", ("angles Row major linear FP32",))
    found = compare_layers([wide, MATMUL], [FUSED, MUL, MATMUL])
    assert found is not None
    assert (found.shared, found.probed_only, found.unprobed_only) == (1, 1, 2)
    assert found.examples == (
        "rotary/Mul puts out angles Row major linear FP32 with taps, angles Row major linear FP16 without",
        "only without taps: {ForeignNode[a...b]} (Myelin)",
    )


def test_another_kernel_is_counted_and_is_no_other_layer() -> None:
    slower = EngineLayer("q/MatMul", "gemm k2", MATMUL.outputs)
    found = compare_layers([slower, MUL], [MATMUL, MUL])
    assert found is not None
    assert (found.shared, found.other_kernels, found.examples) == (2, 1, ())


def test_copies_that_put_taps_out_are_no_difference() -> None:
    copy = EngineLayer("q:copy", "Cast", ("q:copy Row major linear FP32",))
    found = compare_layers([MUL, MATMUL, copy], [MUL, MATMUL])
    assert found is not None
    assert (found.probed_only, found.unprobed_only) == (0, 0)


def test_a_layer_that_several_engines_of_spread_taps_share_counts_once() -> None:
    found = compare_layers([MUL, MATMUL, MUL, MATMUL], [MUL, MATMUL])
    assert found is not None
    assert (found.shared, found.probed_only) == (2, 0)


def test_other_numbers_of_outputs_are_said_in_numbers() -> None:
    split = EngineLayer("q/MatMul", "gemm k1", (*MATMUL.outputs, "k Row major linear FP16"))
    found = compare_layers([split], [MATMUL])
    assert found is not None
    assert found.examples == ("q/MatMul puts out 2 tensors with taps, 1 tensors without",)


def test_only_the_first_few_are_told() -> None:
    many = [EngineLayer(f"layer {i}", "", ()) for i in range(9)]
    found = compare_layers([MUL], [MUL, *many])
    assert found is not None
    assert found.unprobed_only == 9
    assert found.examples == tuple(f"only without taps: layer {i}" for i in range(4))


def test_an_engine_that_tells_nothing_is_not_compared() -> None:
    assert compare_layers([], [MUL]) is None
    assert compare_layers([MUL], []) is None
