"""Orders of channels that layouts of weights and of heads bring about, and their names.

An order is an index array: channel c shows what belongs to channel ``order[c]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Order", "layout_orders", "named_order", "solved_orders"]

Indices = npt.NDArray[np.int64]

_AGREEMENT = 0.98
_FEW = 8
_AWQ = (0, 2, 4, 6, 1, 3, 5, 7)


@dataclass(frozen=True, eq=False)
class Order:
    """A named order of all channels of a tap.

    Attributes:
        name: completes "the channels are …".
        channels: index array, ``[channel]``.
        fitted: how many numbers it takes to say.
    """

    name: str
    channels: Indices
    fitted: int = 1


def layout_orders(heads: int, head_dim: int) -> Iterator[Order]:
    """Orders that follow from a layout alone; `heads` is 1 where a tap has none."""
    own = np.arange(heads * head_dim)
    within = "within each head" if heads > 1 else "over all channels"
    for name, inner in _inner_orders(head_dim):
        yield Order(f"{name} {within}", (own.reshape(heads, head_dim)[:, inner]).ravel())
    yield Order("in reverse", own[::-1].copy())
    if heads > 1:
        yield Order("read channel by channel where they are written head by head", _transposed(heads, head_dim))
        yield Order("read head by head where they are written channel by channel", _transposed(head_dim, heads))


def named_order(found: Indices, heads: int, head_dim: int, *, agreement: float = 0.98) -> Order | None:
    """The simplest order that agrees with `found`, in which -1 stands for unknown; None for the order itself.

    Args:
        found: index array, ``[channel]``.
        heads, head_dim: their product is the number of channels; one head where a tap has none.
        agreement: the share of known entries that a named order must have right.
    """
    known = found >= 0
    if not known.any():
        return None
    if np.mean(found[known] == np.flatnonzero(known)) > agreement:
        return _few_exchanged(np.where(known, found, np.arange(found.size)))
    for order in (*layout_orders(heads, head_dim), *solved_orders(found, heads, head_dim)):
        if np.mean(order.channels[known] == found[known]) > agreement:
            return order
    own = np.arange(found.size)
    moved = int((found[known] != own[known]).sum())
    if few := _few_exchanged(np.where(known, found, own)):
        return few
    return Order(f"permuted ({moved} of {found.size} are elsewhere)", np.where(known, found, own), moved)


def _few_exchanged(found: Indices) -> Order | None:
    """An order that exchanges few channels among each other; None where `found` is none: some are only misread."""
    own = np.arange(found.size)
    moved = np.flatnonzero(found != own)
    if not 0 < moved.size <= _FEW or not np.array_equal(np.sort(found[moved]), moved):
        return None
    listed = ", ".join(f"{place} is {found[place]}" for place in moved)
    return Order(f"in order but for {moved.size} that are exchanged ({listed})", found, int(moved.size))


def _inner_orders(size: int) -> Iterator[tuple[str, Indices]]:
    own = np.arange(size)
    yield "in reverse", own[::-1].copy()
    if size % 2 == 0 and size > 2:
        halves = own.reshape(2, size // 2)
        yield "even ones first, then odd ones (interleaved pairs read as halves)", own.reshape(-1, 2).T.ravel()
        yield "first and second half interleaved (halves read as pairs)", halves.T.ravel()
        yield "with both halves exchanged", halves[::-1].ravel()
        yield "with both of each pair exchanged", own.reshape(-1, 2)[:, ::-1].ravel()
    if size % len(_AWQ) == 0:
        packed = own.reshape(-1, len(_AWQ))[:, list(_AWQ)].ravel()
        yield "in AWQ's order of packed eights (0 2 4 6 1 3 5 7)", packed
        yield "in the order that undoes AWQ's packed eights (0 4 1 5 2 6 3 7)", np.argsort(packed)


def solved_orders(found: Indices, heads: int, head_dim: int) -> Iterator[Order]:
    """Shifts, orders of heads and one order within all heads, read off `found`."""
    own = np.arange(found.size)
    shift = _usual((found - own)[found >= 0] % found.size)
    back = shift - found.size if shift > found.size // 2 else shift
    yield Order(f"shifted by {back}", (own + shift) % found.size)
    yield from _blocks_transposed(found)
    if heads == 1:
        return
    table = found.reshape(heads, head_dim)
    moved = np.array([_usual(row[row >= 0] // head_dim, otherwise=head) for head, row in enumerate(table)])
    named = ", ".join(f"head {head} is head {other}" for head, other in enumerate(moved) if head != other)
    yield Order(
        f"in another order of heads ({named})", (moved[:, None] * head_dim + np.arange(head_dim)).ravel(), heads
    )
    inner = np.array([_usual(c[c >= 0] % head_dim, otherwise=place) for place, c in enumerate(table.T)])
    turn = _usual((inner - np.arange(head_dim)) % head_dim)
    if (inner == (np.arange(head_dim) + turn) % head_dim).mean() > _AGREEMENT:
        inner = (np.arange(head_dim) + turn) % head_dim
        yield Order(f"shifted by {turn} within each head", (np.arange(heads)[:, None] * head_dim + inner).ravel())
    few = _few_exchanged(inner)
    words = f"within each head {few.name}" if few else "permuted alike within each head"
    yield Order(words, (np.arange(heads)[:, None] * head_dim + inner).ravel(), head_dim)


def _blocks_transposed(found: Indices) -> Iterator[Order]:
    """A table of n rows that is read column by column: neighbours then stand width / n apart."""
    step = _usual(np.diff(found)[(found[1:] >= 0) & (found[:-1] >= 0)])
    if 1 < step < found.size and found.size % step == 0:
        rows = found.size // step
        yield Order(f"read column by column from a table of {rows} rows of {step}", _transposed(rows, step))


def _transposed(heads: int, head_dim: int) -> Indices:
    order: Indices = np.arange(heads * head_dim).reshape(heads, head_dim).T.ravel()
    return order


def _usual(values: Indices, *, otherwise: int = 0) -> int:
    """The most frequent of `values`, or `otherwise` where there are none."""
    if values.size == 0:
        return otherwise
    different, counts = np.unique(values, return_counts=True)
    return int(different[counts.argmax()])
