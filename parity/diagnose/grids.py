"""Weights on the grids of integer quantisation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.replay.arrays import Floats, widened

__all__ = ["Extremes", "Grid", "column_extremes", "grids", "quantised"]

_GROUPS = (16, 32, 64, 128, 256)


@dataclass(frozen=True)
class Grid:
    """How weights ``[out, in]`` are quantised.

    Attributes:
        bits: of the integers.
        group: how many neighbouring input channels of a row share a scale; 0 for a whole row, -1 for a column,
            -2 for everything.
        divisor: symmetric grids have scale = largest magnitude / divisor; 0 for asymmetric ones, from least to
            largest value.
        zero_shift: by how many steps the zero point is off.
    """

    bits: int
    group: int
    divisor: int
    zero_shift: int = 0

    @property
    def name(self) -> str:
        """The grid in words."""
        shared = {0: "per output channel", -1: "per input channel", -2: "for the whole tensor"}
        scale = shared.get(self.group, f"per group of {self.group}")
        kind = "with zero points" if self.divisor == 0 else f"symmetric, largest value / {self.divisor}"
        shift = f", zero point off by {self.zero_shift:+d}" if self.zero_shift else ""
        return f"int{self.bits} {scale} ({kind}){shift}"


def grids(width: int) -> Iterator[Grid]:
    """The grids in use for rows of `width` input channels."""
    for bits in (8, 4, 3, 2):
        for group in (0, -1, -2, *(size for size in _GROUPS if size < width and width % size == 0)):
            for divisor in (2 ** (bits - 1) - 1, 2 ** (bits - 1), 0):
                yield Grid(bits, group, divisor)
                if group >= 0:
                    yield Grid(bits, group, divisor, 1)
                    yield Grid(bits, group, divisor, -1)


@dataclass(frozen=True, eq=False)
class Extremes:
    """Largest and least weight of each input channel over all rows, ``[in]``: what scales of columns come from."""

    least: Floats
    largest: Floats


def column_extremes(weight: npt.NDArray[Any]) -> Extremes:
    """The extremes of stored weights ``[out, in]``."""
    return Extremes(widened(weight.min(axis=0)), widened(weight.max(axis=0)))


def quantised(rows: Floats, grid: Grid, extremes: Extremes, *, single: bool = False) -> Floats:
    """Some or all `rows` ``[row, in]`` of a weight rounded to `grid`.

    Half of the largest value lies half-way between two steps, and weights stored in bf16 often are just that; how
    the scale was rounded then decides.

    Args:
        rows: the weights.
        grid: what to round to.
        extremes: those of the whole weight, of which `rows` may be a part.
        single: compute scales and quotients in fp32, as PyTorch does, instead of fp64.
    """
    if single:
        exact = Extremes(extremes.least.astype(np.float32), extremes.largest.astype(np.float32))
        return quantised(rows.astype(np.float32), grid, exact).astype(np.float64)
    if grid.group >= 0:
        blocks = rows.reshape(len(rows), -1, grid.group or rows.shape[1])
        least, largest = blocks.min(axis=2, keepdims=True), blocks.max(axis=2, keepdims=True)
        return _rounded(blocks, least, largest, grid).reshape(rows.shape)
    if grid.group == -1:
        return _rounded(rows, extremes.least, extremes.largest, grid)
    return _rounded(rows, extremes.least.min(), extremes.largest.max(), grid)


def _rounded(values: Floats, least: Floats, largest: Floats, grid: Grid) -> Floats:
    """`values` on the grid for values from `least` to `largest`, which broadcast to them."""
    if grid.divisor:
        low, high = -(2 ** (grid.bits - 1)), 2 ** (grid.bits - 1) - 1
        scale = np.maximum(np.abs(least), np.abs(largest)) / grid.divisor
        zero = np.zeros_like(scale)
    else:
        low, high = 0, 2**grid.bits - 1
        scale = (np.maximum(largest, 0) - np.minimum(least, 0)) / high
        zero = np.rint(-np.minimum(least, 0) / np.where(scale > 0, scale, 1.0))
    codes = np.clip(np.rint(values / np.where(scale > 0, scale, 1.0)) + zero, low, high)
    result: Floats = (codes - zero - grid.zero_shift) * scale
    return result
