"""Orders in which rows or columns have been seen to lie, each with its name.

A layout is the list of pool rows, from the first row of the tensor to its last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import numpy.typing as npt

from qwen_trt_model.configuration import QwenConfig
from qwen_trt_model.lint.explain.pool import Pool

__all__ = ["Layout", "column_layouts", "row_layouts"]

Indices = npt.NDArray[np.int64]

_PAIRS = {
    "interleaved": "the two halves of each head interleaved (the order of GGUF and of Meta's Llama, for rotated pairs)",
    "halved": "even and odd rows of each head one behind the other (the inverse of GGUF's order)",
}


@dataclass(frozen=True, eq=False)
class Layout:
    """An order.

    Attributes:
        check: name of the defect that it is.
        sentence: the order in words.
        rows: pool rows.
    """

    check: str
    sentence: str
    rows: Indices


def row_layouts(pool: Pool, network: QwenConfig, rank: int, ranks: int) -> Iterator[Layout]:
    """Orders of the rows of a tensor that should hold ``pool.own``."""
    yield from _other_ranks(pool, "rows")
    if pool.labels == ("q", "k", "v"):
        yield from _part_orders(pool)
        yield from _grouped(pool, network)
        yield from _paired(pool, network.head_size)
        yield from _heads_in_turn(pool, network, rank, ranks)
    yield from _cut_as_one(pool, rank, ranks)
    yield from _in_turn(pool, rank, ranks, "rows")
    yield from _turned(pool, "rows")


def column_layouts(pool: Pool, network: QwenConfig, rank: int, ranks: int) -> Iterator[Layout]:
    """Orders of the columns."""
    yield from _other_ranks(pool, "columns")
    size = network.head_size
    if pool.labels == ("o_proj",):
        for name, order in _pair_orders(size).items():
            rows = _within_heads(pool.own[0], order)
            yield Layout("heads_permuted", _PAIRS[name].replace("rows", "columns"), rows)
    yield from _in_turn(pool, rank, ranks, "columns")
    yield from _turned(pool, "columns")


def _other_ranks(pool: Pool, what: str) -> Iterator[Layout]:
    own = np.concatenate(pool.own)
    for rank, parts in pool.others.items():
        rows = np.concatenate(parts)
        if rows.size == own.size and (rows != own).any():
            yield Layout("another_rank", f"the {what} of tensor-parallel rank {rank}", rows)


def _part_orders(pool: Pool) -> Iterator[Layout]:
    for order in list(permutations(range(3)))[1:]:
        names = " | ".join(pool.labels[part] for part in order)
        check = "keys_values_exchanged" if order == (0, 2, 1) else "parts_exchanged"
        yield Layout(check, f"the parts in the order {names}", np.concatenate([pool.own[part] for part in order]))


def _grouped(pool: Pool, network: QwenConfig) -> Iterator[Layout]:
    """Megatron's order: for each key head its queries, its key, its value."""
    rows = _group(pool.own, pool.own[1].size // network.head_size)
    if rows is not None:
        name = "grouped by key head: its queries, its key, its value (the order of Megatron and GPT-NeoX)"
        yield Layout("grouped_by_head", name, rows)


def _group(parts: tuple[Indices, ...], groups: int) -> Indices | None:
    """Equal parts of each, group by group."""
    if groups == 0 or any(part.size % groups for part in parts):
        return None
    grouped: Indices = np.concatenate([part.reshape(groups, -1) for part in parts], axis=1).ravel()
    return grouped


def _paired(pool: Pool, head_size: int) -> Iterator[Layout]:
    q, k, v = pool.own
    for name, order in _pair_orders(head_size).items():
        turned = _within_heads(q, order), _within_heads(k, order)
        for parts, rows in (("q and k", (*turned, v)), ("q", (turned[0], k, v)), ("k", (q, turned[1], v))):
            yield Layout("heads_permuted", f"{parts} with {_PAIRS[name]}", np.concatenate(rows))


def _pair_orders(head_size: int) -> dict[str, Indices]:
    halves = np.arange(head_size).reshape(2, -1)
    return {"interleaved": halves.T.ravel(), "halved": np.arange(head_size).reshape(-1, 2).T.ravel()}


def _within_heads(rows: Indices, order: Indices) -> Indices:
    permuted: Indices = rows.reshape(-1, order.size)[:, order].ravel()
    return permuted


def _heads_in_turn(pool: Pool, network: QwenConfig, rank: int, ranks: int) -> Iterator[Layout]:
    """Heads dealt out one after the other, in place of a run of heads for each rank."""
    if ranks == 1:
        return
    parts = []
    for place, own in enumerate(pool.own):
        heads = np.arange(pool.starts[place], pool.starts[place + 1]).reshape(-1, network.head_size)
        dealt = heads[np.arange(rank, max(len(heads), rank + 1), ranks) % len(heads)].ravel()
        parts.append(dealt if dealt.size == own.size else own)
    yield Layout(
        "heads_dealt_out", "heads dealt out to the ranks in turn, in place of a run of heads each", _joined(parts)
    )


def _joined(parts: list[Indices]) -> Indices:
    return np.concatenate(parts)


def _cut_as_one(pool: Pool, rank: int, ranks: int) -> Iterator[Layout]:
    """The fused tensor cut into equal blocks, which mixes q, k and v of different ranks."""
    total = pool.starts[-1]
    if len(pool.labels) == 1 or ranks == 1 or total % ranks:
        return
    size = total // ranks
    rows = np.arange(total)
    yield Layout(
        "cut_as_one",
        "the fused tensor cut as one block, where q, k and v have to be cut by themselves",
        rows[rank * size : (rank + 1) * size],
    )


def _in_turn(pool: Pool, rank: int, ranks: int, what: str) -> Iterator[Layout]:
    if len(pool.labels) == 1 and ranks > 1 and pool.starts[-1] % ranks == 0:
        yield Layout(
            "dealt_out", f"every {ranks}th of the {what}, dealt out in turn", np.arange(pool.starts[-1])[rank::ranks]
        )


def _turned(pool: Pool, what: str) -> Iterator[Layout]:
    own = np.concatenate(pool.own)
    yield Layout("reversed", f"the {what} in reverse order", own[::-1])
    for step in (1, -1):
        yield Layout("shifted", f"the {what} shifted by {step:+d}", np.roll(own, step))
