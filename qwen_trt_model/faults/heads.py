"""Group A, heads: biases, parts and heads of the fused projection, and the merge of heads before the output one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault, Size, only
from qwen_trt_model.faults.reweighted import Floats, WeightChange, part_of_qkv, reweighted
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops

__all__ = ["HEAD_FAULTS"]

_Weights = tuple[Floats, "Floats | None"]
_Indices = npt.NDArray[np.intp]


def _part(part: str, change: WeightChange) -> Callable[[Ops], Ops]:
    """A change of q, k or v; of all three where `part` is empty."""

    def apply(ops: Ops) -> Ops:
        def linear(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
            used = part_of_qkv(part, change, g.config) if part else change
            return reweighted("qkv", used)(ops).linear(g, x, module=module, bias=bias)

        return replace(ops, linear=linear)

    return apply


def _bias_times(part: str, factor: float) -> Callable[[Ops], Ops]:
    return _part(part, lambda weight, bias: (weight, None if bias is None else np.float32(factor) * bias))


def _draw_bias_factor(rng: np.random.Generator, config: QwenConfig) -> Size:
    part, factor = str(rng.choice(["q", "k", "v"])), float(rng.choice([-1.0, 2.0, 3.0, rng.uniform(0.2, 0.9)]))
    return Size(f"{part} × {factor:.4g}", _bias_times(part, factor), first_tap=part)


def _bias_partly_missing(part: str, heads: Callable[[int], _Indices]) -> Callable[[Ops], Ops]:
    def apply(ops: Ops) -> Ops:
        def linear(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
            def change(weight: Floats, values: Floats | None) -> _Weights:
                if values is not None:
                    by_head = values.reshape(-1, g.config.head_size).copy()
                    by_head[heads(len(by_head))] = 0
                    values = by_head.reshape(-1)
                return weight, values

            return _part(part, change)(ops).linear(g, x, module=module, bias=bias)

        return replace(ops, linear=linear)

    return apply


def _draw_bias_heads(rng: np.random.Generator, config: QwenConfig) -> Size:
    count, seed = int(rng.integers(1, config.num_attention_heads)), int(rng.integers(2**31))

    def heads(of: int) -> _Indices:
        return np.random.default_rng(seed).choice(of, count, replace=False)

    return Size(f"{count} heads of q", _bias_partly_missing("q", heads))


def _bias_moved(part: str, order: Callable[[int], _Indices]) -> Callable[[Ops], Ops]:
    return _part(part, lambda weight, bias: (weight, None if bias is None else bias[order(len(bias))]))


def _key_and_value_biases_exchanged(ops: Ops) -> Ops:
    def linear(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
        def change(weight: Floats, values: Floats | None) -> _Weights:
            if values is None:
                return weight, None
            q, k, v = np.split(values, [g.config.query_size, g.config.query_size + g.config.key_size])
            return weight, np.concatenate([q, v, k])

        return reweighted("qkv", change)(ops).linear(g, x, module=module, bias=bias)

    return replace(ops, linear=linear)


def _draw_bias_order(rng: np.random.Generator, config: QwenConfig) -> Size:
    part, step = str(rng.choice(["q", "k", "v"])), int(rng.integers(1, 40))
    return Size(f"{part} rolled by {step}", _bias_moved(part, lambda n: np.roll(np.arange(n), step)), first_tap=part)


def _heads_moved(part: str, order: Callable[[int], _Indices]) -> Callable[[Ops], Ops]:
    """Rows of weight and bias, by whole heads."""

    def apply(ops: Ops) -> Ops:
        def linear(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
            size = g.config.head_size

            def change(weight: Floats, values: Floats | None) -> _Weights:
                chosen = order(len(weight) // size)
                rows = (chosen[:, None] * size + np.arange(size)).reshape(-1)
                return weight[rows], None if values is None else values[rows]

            return _part(part, change)(ops).linear(g, x, module=module, bias=bias)

        return replace(ops, linear=linear)

    return apply


def _draw_head_order(rng: np.random.Generator, config: QwenConfig) -> Size:
    order = _other_order(rng, config.num_attention_heads)
    return Size(f"q in the order {' '.join(map(str, order))}", _heads_moved("q", lambda n: order))


def _fused_rows(rows: Callable[[QwenConfig], _Indices]) -> Callable[[Ops], Ops]:
    """The fused projection with its rows taken from other places."""

    def apply(ops: Ops) -> Ops:
        def linear(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
            chosen = rows(g.config)

            def change(weight: Floats, values: Floats | None) -> _Weights:
                return weight[chosen], None if values is None else values[chosen]

            return reweighted("qkv", change)(ops).linear(g, x, module=module, bias=bias)

        return replace(ops, linear=linear)

    return apply


def _by_group(config: QwenConfig) -> _Indices:
    """Megatron's order, a key head behind the query heads that share it, read as if it were q, k, v."""
    group = config.num_attention_heads // config.num_key_value_heads
    q = np.arange(config.query_size).reshape(config.num_key_value_heads, group * config.head_size)
    k = config.query_size + np.arange(config.key_size).reshape(config.num_key_value_heads, config.head_size)
    rows: _Indices = np.concatenate([q, k, k + config.key_size], axis=1).reshape(-1)
    return rows


def _rolled_rows(step: int) -> Callable[[QwenConfig], _Indices]:
    return lambda config: np.roll(np.arange(config.query_size + 2 * config.key_size), step)


def _draw_slices(rng: np.random.Generator, config: QwenConfig) -> Size:
    step = int(rng.integers(1, config.head_size * 2)) * int(rng.choice([-1, 1]))
    return Size(f"rolled by {step} rows", _fused_rows(_rolled_rows(step)))


def _merged_otherwise(order: Callable[[QwenConfig], _Indices]) -> Callable[[Ops], Ops]:
    """The output projection reads its input's channels in another order."""

    def apply(ops: Ops) -> Ops:
        def linear(g: GraphBuilder, x: ir.Value, /, *, module: str, bias: bool = False) -> ir.Value:
            def change(weight: Floats, values: Floats | None) -> _Weights:
                return weight[:, np.argsort(order(g.config))], values

            return reweighted("dense", change)(ops).linear(g, x, module=module, bias=bias)

        return replace(ops, linear=linear)

    return apply


def _channels_first(config: QwenConfig) -> _Indices:
    order = np.arange(config.query_size).reshape(config.num_attention_heads, config.head_size)
    merged: _Indices = order.T.reshape(-1)
    return merged


def _draw_merge(rng: np.random.Generator, config: QwenConfig) -> Size:
    heads = _other_order(rng, config.num_attention_heads)
    rows = (heads[:, None] * config.head_size + np.arange(config.head_size)).reshape(-1)
    return Size(f"heads in the order {' '.join(map(str, heads))}", _merged_otherwise(lambda config: rows))


def _other_order(rng: np.random.Generator, count: int) -> _Indices:
    order: _Indices = np.arange(count)
    while (order == np.arange(count)).all():
        order = rng.permutation(order)
    return order


def _needs_bias(config: QwenConfig) -> str:
    return "" if config.attn_bias else "the model has no biases on q, k and v"


HEAD_FAULTS = (
    Fault(
        "A01",
        "qkv-bias-missing",
        "The biases of q, k and v are left out.",
        "q",
        ("bias_missing",),
        only(_bias_times("", 0.0)),
        obstacle=_needs_bias,
    ),
    Fault(
        "A02",
        "q-bias-missing",
        "The bias of q, k or v alone is left out.",
        "q",
        ("bias_missing",),
        tuple(Size(part, _bias_times(part, 0.0), first_tap=part) for part in "qkv"),
        obstacle=_needs_bias,
    ),
    Fault(
        "A03",
        "bias-doubled-by-tp",
        "The biases are added once for each tensor-parallel rank.",
        "q",
        ("bias_multiplied",),
        tuple(Size(f"{ranks} ranks", _bias_times("", float(ranks))) for ranks in (2, 4)),
        obstacle=_needs_bias,
        draw=_draw_bias_factor,
    ),
    Fault(
        "A05",
        "bias-misplaced",
        "Biases stand at other channels than theirs.",
        "k",
        ("bias_of_another_tap",),
        (
            Size("k and v exchanged", _key_and_value_biases_exchanged),
            Size(
                "q rolled by one channel",
                _bias_moved("q", lambda n: np.roll(np.arange(n), 1)),
                first_tap="q",
                causes=("bias_permuted",),
            ),
        ),
        obstacle=_needs_bias,
        draw=lambda rng, config: replace(_draw_bias_order(rng, config), causes=("bias_permuted",)),
    ),
    Fault(
        "A10",
        "bias-partly-missing",
        "The biases of some heads of q are left out.",
        "q",
        ("bias_partly_missing",),
        (Size("1 head of q", _bias_partly_missing("q", lambda heads: np.array([1]))),),
        obstacle=_needs_bias,
        draw=_draw_bias_heads,
    ),
    Fault(
        "A12",
        "heads-permuted",
        "The heads of q, or of k and v, stand in another order.",
        "q",
        ("weight_rows_permuted",),
        (
            Size("q shifted by one head", _heads_moved("q", lambda n: np.roll(np.arange(n), 1))),
            Size("k reversed", _heads_moved("k", lambda n: np.arange(n)[::-1]), first_tap="k"),
        ),
        draw=_draw_head_order,
    ),
    Fault(
        "A14",
        "fused-split-wrong",
        "The rows of the fused projection are taken for others: another order of q, k and v, or wrong borders.",
        "q",
        ("fused_rows_mixed",),
        (
            Size("k and v behind each group of q", _fused_rows(_by_group)),
            Size("8 rows late", _fused_rows(_rolled_rows(8))),
        ),
        draw=_draw_slices,
    ),
    Fault(
        "A17",
        "heads-merged-wrongly",
        "The output projection reads its input's channels in another order, as without the transpose before it.",
        "attn_out",
        ("input_permuted",),
        (Size("channels before heads", _merged_otherwise(_channels_first)),),
        draw=_draw_merge,
    ),
)
