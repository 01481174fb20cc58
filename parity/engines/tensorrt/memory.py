"""Splitting taps over several engines, so that the outputs of each fit the memory that they may take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from parity.errors import ParityError
from parity.taps import Tap
from parity.tokens import TokenBatch

__all__ = ["output_bytes", "split_by_memory"]

_ELEMENT_BYTES = 4


def output_bytes(tap: Tap, tokens: TokenBatch) -> int:
    """Bytes of `tap` as an fp32 output, padding included."""
    batch, length = tokens.ids.shape
    lengths: Mapping[str, int] = {"batch": batch, "token": length, "key": length}
    return _ELEMENT_BYTES * prod(
        lengths[axis] if size is None else size for axis, size in zip(tap.axes, tap.sizes, strict=True)
    )


def split_by_memory(taps: Sequence[Tap], tokens: TokenBatch, *, budget: int) -> tuple[tuple[Tap, ...], ...]:
    """Cut `taps`, in their order, into as few groups as have their outputs within `budget` bytes each.

    Raises:
        ParityError: a single tap is larger than the budget.
    """
    groups: list[list[Tap]] = []
    filled = budget + 1
    for tap in taps:
        size = output_bytes(tap, tokens)
        if size > budget:
            raise ParityError(
                f"tap {tap.name!r} alone takes {_mebibytes(size)}, and outputs may take {_mebibytes(budget)}",
                cure="give more with --memory (or memory=… in --candidate), or use fewer or shorter prompts",
            )
        if filled + size > budget:
            groups.append([])
            filled = 0
        groups[-1].append(tap)
        filled += size
    return tuple(tuple(group) for group in groups)


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"
