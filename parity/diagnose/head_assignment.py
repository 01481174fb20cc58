"""Which key head, value head or whole head each query head of a candidate used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from parity.diagnose.attention_rows import AttentionRows
from parity.diagnose.attention_tap import AttentionTap
from parity.diagnose.attention_variation import Variation
from parity.diagnose.token_rows import Integers

__all__ = ["assigned", "best_heads", "head_words", "named_assignments", "reference_assignment"]

_SHOWN = 4


def reference_assignment(heads: int, kv_heads: int) -> Integers:
    """Query head h reads key and value head ``h // (heads / kv_heads)``: ``[head]``."""
    return np.arange(heads) // (heads // kv_heads)


def named_assignments(heads: int, kv_heads: int) -> Iterator[tuple[str, Integers]]:
    """Other assignments that follow from a layout alone."""
    own = np.arange(heads)
    yield f"interleaved (h mod {kv_heads}) instead of in blocks (h div {heads // kv_heads})", own % kv_heads
    yield "all to the first", np.zeros(heads, dtype=np.int64)
    yield "in reverse", reference_assignment(heads, kv_heads)[::-1].copy()
    for group in range(1, heads + 1):
        if group != heads // kv_heads:
            yield f"in blocks of {group} instead of {heads // kv_heads}", own // group % kv_heads


def assigned(keys: Integers | None, values: Integers | None) -> Variation:
    """Query head h reads key head ``keys[h]`` and value head ``values[h]``; None for the reference's."""

    def inputs(rows: AttentionRows) -> AttentionRows:
        changed = rows if keys is None else replace(rows, keys=rows.keys[:, :, keys])
        return changed if values is None or rows.values.size == 0 else changed.with_values(rows.values[:, :, values])

    return Variation(inputs=inputs)


def best_heads(tap: AttentionTap, kv_heads: int, *, keys: bool, values: bool) -> Integers:
    """The key head, value head or both that fit each query head best at a few queries, ``[head]``."""
    few, costs = tap.few, []
    for head in range(kv_heads):
        same = np.full(few.rows.heads, head)
        output = assigned(same if keys else None, same if values else None).output(few.rows, few.op)
        costs.append(few.squares(output).sum(axis=(0, 2)))
    best: Integers = np.stack(costs).argmin(axis=0)
    return best


def head_words(found: Integers, expected: Integers, what: str) -> str:
    """The assignments that differ: ``query head 1 reads key head 0 …``."""
    moved = np.flatnonzero(found != expected)
    listed = ", ".join(f"{head} reads {what} {found[head]}" for head in moved[:_SHOWN])
    return f"query head {listed}{' …' if moved.size > _SHOWN else ''}"
