"""Group G: captures that show another tensor than was computed with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault, Size, only
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops
from qwen_trt_model.graph.rotary import RotaryTable

__all__ = ["CAPTURE_FAULTS"]


def _overwritten_by_rotation(kind: str) -> Callable[[Ops], Ops]:
    """The rotation works in place: what is captured as q or k is what it made of them."""

    def apply(ops: Ops) -> Ops:
        def turn(g: GraphBuilder, x: ir.Value, table: RotaryTable, /, *, which: str) -> ir.Value:
            y = ops.rotate(g, x, table, which=which)
            if which == kind:
                g.show(y, _tap_of(x))
            return y

        return replace(ops, rotate=turn)

    return apply


def _overwritten_by_addition(ops: Ops) -> Ops:
    """The second addition of a layer works in place: its input is captured as its output."""

    def add(g: GraphBuilder, stream: ir.Value, branch: ir.Value, /, *, normed: ir.Value) -> ir.Value:
        y = ops.add(g, stream, branch, normed=normed)
        if _tap_of(stream).endswith(".resid_mid"):
            g.show(y, _tap_of(stream))
        return y

    return replace(ops, add=add)


def _overwritten_by_norm(ops: Ops) -> Ops:
    """Both norms of a layer share their memory."""

    def norm(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
        y = ops.rms_norm(g, x, module=module)
        if module.endswith(".post_layernorm"):
            g.show(y, f"{_tap_of(x).rpartition('.')[0]}.input_norm")
        return y

    return replace(ops, rms_norm=norm)


def _last_layer_behind_the_norm(ops: Ops) -> Ops:
    def norm(g: GraphBuilder, x: ir.Value, /, *, module: str) -> ir.Value:
        y = ops.rms_norm(g, x, module=module)
        if module == "transformer.ln_f":
            g.show(y, _tap_of(x))
        return y

    return replace(ops, rms_norm=norm)


def _of_another_prompt(ops: Ops) -> Ops:
    """The memory of the activation still holds another row of the batch."""

    def product(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
        if module.endswith(".proj"):
            start, one, end = g.constant([0], "int64"), g.constant([1], "int64"), g.constant([2**31 - 1], "int64")
            axis = g.constant([0], "int64")
            later, first = g.op("Slice", x, one, end, axis), g.op("Slice", x, start, one, axis)
            g.show(g.op("Concat", later, first, axis=0), _tap_of(x))
        return ops.linear(g, x, module=module, bias=bias)

    return replace(ops, linear=product)


def _tap_of(value: ir.Value) -> str:
    assert value.name
    return value.name


def _needs_no_head_norms(config: QwenConfig) -> str:
    return "what is rotated is q_norm and k_norm" if config.qk_norm else ""


CAPTURE_FAULTS = (
    Fault(
        "G04",
        "aliased-tap",
        "The capture of a tensor shows what was written over it later.",
        "k",
        (),
        (
            Size("k behind its rotation", _overwritten_by_rotation("k")),
            Size("q behind its rotation", _overwritten_by_rotation("q"), first_tap="q"),
            Size("resid_mid behind the MLP", _overwritten_by_addition, first_tap="resid_mid"),
            Size("input_norm behind the second norm", _overwritten_by_norm, first_tap="input_norm"),
        ),
        captured_only=True,
        obstacle=_needs_no_head_norms,
    ),
    Fault(
        "G07",
        "last-layer-behind-the-norm",
        "What is captured of the last layer is what the final norm made of it, as hidden_states[-1] is.",
        "resid_out",
        (),
        only(_last_layer_behind_the_norm),
        one_layer=False,
        last_layer=True,
        captured_only=True,
    ),
    Fault(
        "G10",
        "stale-memory",
        "The capture of a tensor shows memory that holds something else, such as another row of the batch.",
        "act",
        (),
        only(_of_another_prompt),
        captured_only=True,
    ),
)
