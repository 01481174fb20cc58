"""Group B: how pairs of channels are rotated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault, Size, only
from qwen_trt_model.graph.attention import split_qkv
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops
from qwen_trt_model.graph.rotary import RotaryTable, inverse_frequencies, rotate, rotate_pair, table_of_angles

__all__ = ["ROTARY_FAULTS"]


def _other_base(base: float) -> Callable[[Ops], Ops]:
    def table(g: GraphBuilder, position_ids: ir.Value, /) -> RotaryTable:
        wrong = base if g.config.rotary_base != base else 1e6
        return table_of_angles(g, position_ids, inverse_frequencies(g.config.head_size, wrong))

    return lambda ops: replace(ops, rotary_table=table)


def _draw_base(rng: np.random.Generator, config: QwenConfig) -> Size:
    while True:
        base = float(f"{np.exp(rng.uniform(np.log(3e3), np.log(5e7))):.3g}")
        if abs(np.log(base / config.rotary_base)) > 0.02:
            return Size(f"base {base:g}", _other_base(base))


def _interleaved(g: GraphBuilder, x: ir.Value, table: RotaryTable, /, *, which: str) -> ir.Value:
    del which
    size, last = g.config.head_size, g.constant([4], "int64")
    pairs = g.reshape(g.cast(x, ir.DataType.FLOAT), 0, 0, 0, size // 2, 2)  # [batch, token, head, head_dim / 2, 2]
    even, odd = (g.op("Squeeze", part, last) for part in g.split(pairs, (1, 1)))  # [batch, token, head, head_dim / 2]
    rotated = [g.op("Unsqueeze", part, last) for part in rotate_pair(g, even, odd, table)]
    return g.cast(g.reshape(g.op("Concat", *rotated, axis=-1), 0, 0, 0, size), g.dtype)


def _permuted_queries_and_keys(g: GraphBuilder, qkv: ir.Value, /) -> tuple[ir.Value, ir.Value, ir.Value]:
    q, k, v = split_qkv(g, qkv)
    # Channel 2 i + j holds what channel i + j * head_dim / 2 should: the order that interleaved rotation wants.
    order = g.constant(np.arange(g.config.head_size).reshape(2, -1).T.reshape(-1), "int64")
    return g.op("Gather", q, order, axis=3), g.op("Gather", k, order, axis=3), v


def _backwards(g: GraphBuilder, x: ir.Value, table: RotaryTable, /, *, which: str) -> ir.Value:
    return rotate(g, x, RotaryTable(table.cos, g.op("Neg", table.sin)), which=which)


def _no_minus(g: GraphBuilder, x: ir.Value, table: RotaryTable, /, *, which: str) -> ir.Value:
    """``x cos + (x2, x1) sin``: rotate_half without its sign."""
    first, second = _halves(g, x)
    real = g.op("Add", g.op("Mul", first, table.cos), g.op("Mul", second, table.sin))
    imaginary = g.op("Add", g.op("Mul", second, table.cos), g.op("Mul", first, table.sin))
    return g.cast(g.op("Concat", real, imaginary, axis=-1), g.dtype)


def _cos_and_sin_exchanged(g: GraphBuilder, x: ir.Value, table: RotaryTable, /, *, which: str) -> ir.Value:
    return rotate(g, x, RotaryTable(table.sin, table.cos), which=which)


def _twice(g: GraphBuilder, x: ir.Value, table: RotaryTable, /, *, which: str) -> ir.Value:
    return rotate(g, rotate(g, x, table, which=which), table, which=which)


def _not_rotated(*kinds: str) -> Callable[[Ops], Ops]:
    def turn(g: GraphBuilder, x: ir.Value, table: RotaryTable, /, *, which: str) -> ir.Value:
        return g.op("Identity", x) if which in kinds else rotate(g, x, table, which=which)

    return lambda ops: replace(ops, rotate=turn)


def _partly_rotated(share: float, *, own_frequencies: bool) -> Callable[[Ops], Ops]:
    """The first channels of each head alone, as a head of that size, or its first pairs alone."""

    def table(g: GraphBuilder, position_ids: ir.Value, /) -> RotaryTable:
        size = _rotated_channels(g.config.head_size, share)
        if own_frequencies:
            return table_of_angles(g, position_ids, inverse_frequencies(size, g.config.rotary_base))
        frequencies = inverse_frequencies(g.config.head_size, g.config.rotary_base)
        frequencies[size // 2 :] = 0
        return table_of_angles(g, position_ids, frequencies)

    def turn(g: GraphBuilder, x: ir.Value, made: RotaryTable, /, *, which: str) -> ir.Value:
        size = _rotated_channels(g.config.head_size, share)
        part, rest = g.split(g.cast(x, ir.DataType.FLOAT), (size, g.config.head_size - size))
        first, second = g.split(part, (size // 2, size // 2))
        rotated = rotate_pair(g, first, second, made)
        return g.cast(g.op("Concat", *rotated, rest, axis=-1), g.dtype)

    if own_frequencies:
        return lambda ops: replace(ops, rotary_table=table, rotate=turn)
    return lambda ops: replace(ops, rotary_table=table)


def _rotated_channels(head_size: int, share: float) -> int:
    """An even number of channels, at least two and not all."""
    return min(max(2, 2 * round(head_size * share / 2)), head_size - 2)


def _draw_partial(rng: np.random.Generator, config: QwenConfig) -> Size:
    share, own = float(rng.uniform(0.15, 0.9)), bool(rng.integers(2))
    channels = _rotated_channels(config.head_size, share)
    words = "channels as a smaller head" if own else "channels' pairs"
    return Size(f"the first {channels} {words}", _partly_rotated(share, own_frequencies=own))


def _bands(order: Callable[[int], np.ndarray]) -> Callable[[Ops], Ops]:
    """Pairs turn with the frequencies of other pairs."""

    def table(g: GraphBuilder, position_ids: ir.Value, /) -> RotaryTable:
        frequencies = inverse_frequencies(g.config.head_size, g.config.rotary_base)
        return table_of_angles(g, position_ids, frequencies[order(len(frequencies))])

    return lambda ops: replace(ops, rotary_table=table)


def _exchanged_bands(pairs: int) -> np.ndarray:
    """The first and the second quarter of the pairs exchanged."""
    quarter = pairs // 4
    order = np.arange(pairs)
    order[: 2 * quarter] = np.roll(order[: 2 * quarter], quarter)
    return order


def _draw_bands(rng: np.random.Generator, config: QwenConfig) -> Size:
    """Two bands of equal width, one of them at the start: the last pairs hardly turn, whatever their frequency."""
    pairs = config.head_size // 2
    width = int(rng.integers(1, pairs // 3 + 1))
    other = int(rng.integers(width, pairs - width + 1))
    order = np.arange(pairs)
    order[:width], order[other : other + width] = np.arange(other, other + width), np.arange(width)
    return Size(f"pairs from 0 and {other}, {width} each", _bands(lambda n: order))


def _halves(g: GraphBuilder, x: ir.Value) -> tuple[ir.Value, ...]:
    half = g.config.head_size // 2
    return g.split(g.cast(x, ir.DataType.FLOAT), (half, half))


ROTARY_FAULTS = (
    Fault(
        "B01",
        "theta-1e4",
        "theta is another number than the configuration says (1e6 where that is what it says).",
        "q_rope",
        ("rotary_base",),
        (Size("base 1e4", _other_base(1e4)), Size("base 9e5", _other_base(9e5))),
        draw=_draw_base,
    ),
    Fault(
        "B02",
        "theta-default",
        "theta is 1e5, the default of TensorRT-LLM's QWenConfig.",
        "q_rope",
        ("rotary_base",),
        (Size("base 1e5", _other_base(1e5)),),
    ),
    Fault(
        "B03",
        "interleaved-vs-neox",
        "Channels are rotated in pairs (2i, 2i + 1) instead of (i, i + head_dim / 2).",
        "q_rope",
        ("rotary_interleaved",),
        only(lambda ops: replace(ops, rotate=_interleaved)),
    ),
    Fault(
        "B04",
        "permuted-qk-weights",
        "The rows of q and k stand in the order of interleaved rotation, and halves are rotated.",
        "q",
        ("weight_rows_permuted",),
        only(lambda ops: replace(ops, split_qkv=_permuted_queries_and_keys)),
    ),
    Fault(
        "B05",
        "rotation-mistaken",
        "The rotation has a sign or a function wrong.",
        "q_rope",
        ("rotary_backwards",),
        (
            Size("backwards", lambda ops: replace(ops, rotate=_backwards)),
            Size("no minus in rotate_half", lambda ops: replace(ops, rotate=_no_minus), causes=("rotary_half_sign",)),
            Size(
                "cos and sin exchanged",
                lambda ops: replace(ops, rotate=_cos_and_sin_exchanged),
                causes=("rotary_cos_sin",),
            ),
        ),
    ),
    Fault(
        "B06",
        "rotated-twice",
        "Queries and keys are rotated twice.",
        "q_rope",
        ("rotary_repeated",),
        only(lambda ops: replace(ops, rotate=_twice)),
    ),
    Fault(
        "B07",
        "k-not-rotated",
        "Queries are rotated and keys are not, or keys and not queries.",
        "k_rope",
        ("rotary_missing",),
        (Size("k", _not_rotated("k")), Size("q", _not_rotated("q"), first_tap="q_rope")),
    ),
    Fault(
        "B08",
        "no-rotation",
        "A layer is not rotated at all, as the layers without positions of other models are.",
        "q_rope",
        ("rotary_missing",),
        only(_not_rotated("q", "k")),
    ),
    Fault(
        "B13",
        "partial-rotary",
        "Some channels of each head are not rotated, as partial_rotary_factor asks for in other models.",
        "q_rope",
        ("rotary_partial",),
        (
            Size("half as a smaller head", _partly_rotated(0.5, own_frequencies=True)),
            Size("the first quarter of the pairs", _partly_rotated(0.25, own_frequencies=False)),
        ),
        draw=_draw_partial,
    ),
    Fault(
        "B17",
        "sections-exchanged",
        "Bands of pairs turn with each other's frequencies, as after mrope sections in another order.",
        "q_rope",
        ("rotary_sections",),
        (Size("first two quarters", _bands(_exchanged_bands)),),
        draw=_draw_bands,
    ),
)
