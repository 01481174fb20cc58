"""The values that a tensor of the checkpoint should hold, made block by block from the Hugging Face weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from qwen_trt_model.lint.expected import Piece
from qwen_trt_model.lint.source import SourceModel

__all__ = ["BLOCK_ELEMENTS", "Wanted", "as_matrix", "rounded_to"]

Array = npt.NDArray[Any]

BLOCK_ELEMENTS = 2**19
"""Elements of one block: what is made of it stays in the cache."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """Rows that pieces of Hugging Face tensors give, one piece below the other, in the checkpoint's dtype.

    Biases and norm weights count as matrices of one column.

    Attributes:
        source: the model.
        pieces: what the rows are made of.
        dtype: what they are rounded to, to nearest even.
        padding: zero rows behind them.
    """

    source: SourceModel
    pieces: Sequence[Piece]
    dtype: np.dtype[Any]
    padding: int = 0

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        first = self.pieces[0]
        stored = as_matrix(self.source.array(first.part))
        columns = stored.shape[1] if first.columns is None else len(first.columns)
        return sum(len(piece.rows) for piece in self.pieces) + self.padding, columns

    def blocks(self) -> Iterator[tuple[int, Array]]:
        """The first row of each block, and the block."""
        for start, stop in self.ranges():
            yield start, self.rows(start, stop)

    def ranges(self) -> Iterator[tuple[int, int]]:
        """The rows of each block."""
        rows, columns = self.shape
        step = max(1, BLOCK_ELEMENTS // columns)
        for start in range(0, rows, step):
            yield start, min(start + step, rows)

    def rows(self, start: int, stop: int) -> Array:
        """The rows from `start` to before `stop`."""
        parts, begin = [], 0
        for piece in self.pieces:
            a, b = max(start - begin, 0), min(stop - begin, len(piece.rows))
            if a < b:
                parts.append(self._piece(piece, piece.rows[a:b]))
            begin += len(piece.rows)
        if stop > begin:
            parts.append(np.zeros((stop - max(start, begin), self.shape[1]), self.dtype))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def at(self, rows: Sequence[int]) -> Array:
        """Single rows."""
        return np.concatenate([self.rows(row, row + 1) for row in rows])

    def whole(self) -> Array:
        """All rows at once."""
        return self.rows(0, self.shape[0])

    def _piece(self, piece: Piece, rows: range) -> Array:
        block = as_matrix(self.source.array(piece.part))[rows.start : rows.stop]
        if piece.columns is not None:
            block = block[:, piece.columns.start : piece.columns.stop]
        return rounded_to(block, self.dtype)


def as_matrix(array: Array) -> Array:
    """A vector as a matrix of one column; matrices as they are."""
    return array.reshape(-1, 1) if array.ndim == 1 else array


def rounded_to(array: Array, dtype: np.dtype[Any]) -> Array:
    """`array` in `dtype`, rounded to nearest even; what is too large becomes infinite, as in TensorRT-LLM."""
    if array.dtype == dtype:
        return np.asarray(array)
    with np.errstate(over="ignore", invalid="ignore"):
        return array.astype(dtype)
