"""Sums whose running total is rounded after every block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from parity.diagnose.formats import Format
from parity.replay.arrays import Floats

__all__ = ["Accumulation", "accumulated", "accumulations"]

_BLOCKS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_PARTS = (2, 4, 8)


@dataclass(frozen=True, eq=False)
class Accumulation:
    """How a sum over input channels runs.

    Attributes:
        format_: what the running total is rounded to.
        block: neighbouring input channels that are summed exactly before the total is rounded.
        rounds_parts: whether each block's sum is rounded too before it is added.
    """

    format_: Format
    block: int
    rounds_parts: bool

    @property
    def name(self) -> str:
        """The accumulation in words."""
        parts = ", each part rounded too" if self.rounds_parts else ""
        every = "every product" if self.block == 1 else f"every {self.block} products"
        return f"sums are accumulated in {self.format_.short}, rounded after {every}{parts}"


def accumulations(formats: tuple[Format, ...], width: int) -> Iterator[Accumulation]:
    """The block sizes of instructions and tiles, and parts of the whole sum as of ranks or split-K kernels."""
    sizes = sorted({size for size in _BLOCKS if size < width} | {width // n for n in _PARTS if width % n == 0})
    for format_ in formats:
        for size in sizes:
            yield Accumulation(format_, size, rounds_parts=False)
            yield Accumulation(format_, size, rounds_parts=True)


def accumulated(x: Floats, weight: Floats, bias: Floats, how: Accumulation) -> Floats:
    """``x Wᵀ + b`` with the total rounded on the way; ``[row, in]`` and ``[out, in]`` give ``[row, out]``.

    The bias is added to the finished total.
    """
    total = np.zeros((len(x), len(weight)))
    for start in range(0, x.shape[1], how.block):
        part = x[:, start : start + how.block] @ weight[:, start : start + how.block].T
        if how.rounds_parts:
            part = how.format_.nearest(part)
        with np.errstate(invalid="ignore"):
            total = how.format_.nearest(total + part)
    return total + bias
