"""Group C: which keys a query sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.faults.fault import Fault, Size, only
from qwen_trt_model.graph.attention import weighted_values
from qwen_trt_model.graph.attention_mask import causal_mask, real_keys, token_grid
from qwen_trt_model.graph.builder import GraphBuilder
from qwen_trt_model.graph.ops import Ops

__all__ = ["MASK_FAULTS"]


def _shifted(by: int) -> Callable[[Ops], Ops]:
    """A query sees keys up to `by` places behind its own, whatever the sign."""

    def mask(g: GraphBuilder, attention_mask: ir.Value, /) -> ir.Value:
        keys, queries = token_grid(g, attention_mask)
        last = g.op("Add", queries, g.constant(by, "int64"))
        not_later = g.op("LessOrEqual", keys, last, dtype=ir.DataType.BOOL)  # [token, key]
        return g.op("And", _bidirectional(g, attention_mask), not_later)

    return lambda ops: replace(ops, mask=mask)


def _draw_shift(rng: np.random.Generator, config: QwenConfig) -> Size:
    by = int(rng.choice([-1, *range(1, 8)]))
    return Size(f"{by:+d}", _shifted(by))


def _bidirectional(g: GraphBuilder, attention_mask: ir.Value, /) -> ir.Value:
    keys, queries = token_grid(g, attention_mask)
    itself = g.op("Equal", keys, queries, dtype=ir.DataType.BOOL)
    return g.op("Or", real_keys(g, attention_mask), itself)


def _windowed(window: int) -> Callable[[Ops], Ops]:
    def mask(g: GraphBuilder, attention_mask: ir.Value, /) -> ir.Value:
        keys, queries = token_grid(g, attention_mask)
        oldest = g.op("Sub", queries, g.constant(window, "int64"))
        inside = g.op("Greater", keys, oldest, dtype=ir.DataType.BOOL)
        return g.op("And", causal_mask(g, attention_mask), inside)

    return lambda ops: replace(ops, mask=mask)


def _draw_window(rng: np.random.Generator, config: QwenConfig) -> Size:
    window = int(rng.integers(3, 301))
    return Size(f"{window} tokens", _windowed(window))


def _chunked(chunk: int) -> Callable[[Ops], Ops]:
    def mask(g: GraphBuilder, attention_mask: ir.Value, /) -> ir.Value:
        keys, queries = (g.op("Div", grid, g.constant(chunk, "int64")) for grid in token_grid(g, attention_mask))
        same = g.op("Equal", keys, queries, dtype=ir.DataType.BOOL)
        return g.op("And", causal_mask(g, attention_mask), same)

    return lambda ops: replace(ops, mask=mask)


def _draw_chunk(rng: np.random.Generator, config: QwenConfig) -> Size:
    chunk = int(rng.integers(16, 400))
    return Size(f"chunks of {chunk}", _chunked(chunk))


def _first_key_unseen(ops: Ops) -> Ops:
    """Queries but the first lose the first key."""

    def mask(g: GraphBuilder, attention_mask: ir.Value, /) -> ir.Value:
        keys, queries = token_grid(g, attention_mask)
        later = g.op("Greater", keys, g.constant(0, "int64"), dtype=ir.DataType.BOOL)
        itself = g.op("Equal", keys, queries, dtype=ir.DataType.BOOL)
        return g.op("And", causal_mask(g, attention_mask), g.op("Or", later, itself))

    return replace(ops, mask=mask)


def _padding_is_nan(ops: Ops) -> Ops:
    """Memory behind short prompts holds NaN, and masked keys are multiplied by zero instead of being left out."""

    def values(g: GraphBuilder, probs: ir.Value, v: ir.Value, /) -> ir.Value:
        real = g.cast(g.given("attention_mask"), ir.DataType.BOOL)
        real = g.op("Unsqueeze", real, g.constant([2, 3], "int64"))  # [batch, key, 1, 1]
        return weighted_values(g, probs, g.op("Where", real, v, g.constant(np.nan, g.config.dtype), dtype=g.dtype))

    return replace(ops, weighted_values=values)


MASK_FAULTS = (
    Fault(
        "C03",
        "mask-off-by-one",
        "Every token sees the one after it, or does not see itself.",
        "attn_ctx",
        ("causal_mask_shifted",),
        (Size("+1", _shifted(1)), Size("-1", _shifted(-1))),
        hidden_tap="probs",
        draw=_draw_shift,
    ),
    Fault(
        "C04",
        "mask-none",
        "Every token sees all others, before and after it.",
        "attn_ctx",
        ("causal_mask_missing",),
        only(lambda ops: replace(ops, mask=_bidirectional)),
        hidden_tap="probs",
    ),
    Fault(
        "C05",
        "sliding-window-on",
        "Every token sees no more than so many tokens, itself among them, which shorter prompts do not show.",
        "attn_ctx",
        ("sliding_window",),
        (Size("16 tokens", _windowed(16)), Size("256 tokens", _windowed(256))),
        hidden_tap="probs",
        draw=_draw_window,
    ),
    Fault(
        "C07",
        "first-key-unseen",
        "No token but the first sees the first one.",
        "attn_ctx",
        ("key_unseen",),
        only(_first_key_unseen),
        hidden_tap="probs",
    ),
    Fault(
        "C16",
        "chunked-context",
        "Tokens do not see the chunks of the prompt before their own.",
        "attn_ctx",
        ("attention_chunked",),
        (Size("chunks of 128", _chunked(128)), Size("chunks of 256", _chunked(256))),
        hidden_tap="probs",
        draw=_draw_chunk,
    ),
    Fault(
        "C17",
        "nan-times-zero",
        "Padding holds NaN, and masked values are multiplied by zero instead of being left out.",
        "attn_ctx",
        ("nan_at_unseen_keys",),
        only(_padding_is_nan),
    ),
)
