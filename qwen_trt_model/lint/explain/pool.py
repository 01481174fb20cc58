"""Every row that a tensor's rows could have come from: those of the whole model's tensors, before any cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from qwen_trt_model.lint.expected import ExpectedTensor, Piece, expected_tensors
from qwen_trt_model.lint.explain.mismatch import Mismatch, part_label
from qwen_trt_model.lint.ranks import ranks_of
from qwen_trt_model.lint.values import Wanted, column_fingerprints, row_fingerprints

__all__ = ["Pool", "column_pool", "row_pool"]

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pool:
    """Rows (or columns) of all parts, one part after the other.

    Attributes:
        labels: the parts: ``q``, ``k``, ``v``.
        starts: where each begins, and behind the last one the number of all rows.
        fingerprints: of each row.
        own: the rows that this rank should hold, part by part.
        others: the same for the other tensor-parallel ranks, by rank.
    """

    labels: tuple[str, ...]
    starts: tuple[int, ...]
    fingerprints: npt.NDArray[np.uint64]
    own: tuple[Indices, ...]
    others: Mapping[int, tuple[Indices, ...]]

    def where(self, row: int) -> tuple[str, int]:
        """The part that a row belongs to, and its place there."""
        part = int(np.searchsorted(self.starts, row, side="right")) - 1
        return self.labels[part], row - self.starts[part]


def row_pool(mismatch: Mismatch) -> Pool:
    """The rows of the whole tensor, with the columns of this rank."""
    pieces = [
        Piece(part.name, range(part.shape[0]), mismatch.pieces[0].columns) for part in mismatch.expected.whole.parts
    ]
    wanted = replace(mismatch.wanted, pieces=pieces, padding=0)
    prints = np.concatenate([row_fingerprints(block) for _, block in wanted.blocks()])
    sizes = [len(piece.rows) for piece in pieces]
    starts = (0, *(int(start) for start in np.cumsum(sizes)))
    held = {rank: _rows(tensor, starts) for rank, tensor in _by_rank(mismatch).items()}
    own = held.pop(mismatch.expected.rank.tensor)
    return Pool(tuple(part_label(piece.part) for piece in pieces), starts, prints, own, held)


def column_pool(mismatch: Mismatch) -> Pool:
    """The columns of the whole tensor, with the rows of this rank; a tensor of one part."""
    (piece,) = mismatch.pieces
    columns = mismatch.expected.whole.shape[1]
    wanted = replace(mismatch.wanted, pieces=[Piece(piece.part, piece.rows)], padding=0)
    held = {rank: (_columns(tensor, columns),) for rank, tensor in _by_rank(mismatch).items()}
    own = held.pop(mismatch.expected.rank.tensor)
    return Pool((part_label(piece.part),), (0, columns), _columns_of(wanted), own, held)


def _columns_of(wanted: Wanted) -> npt.NDArray[np.uint64]:
    return column_fingerprints(wanted.whole())


def _by_rank(mismatch: Mismatch) -> dict[int, ExpectedTensor]:
    """The same tensor on each tensor-parallel rank of this pipeline stage."""
    case, own = mismatch.case, mismatch.expected
    ranks = ranks_of(case.parallelism, case.source.network.num_hidden_layers)
    return {
        rank.tensor: tensor
        for rank in ranks
        if rank.pipeline == own.rank.pipeline
        for tensor in expected_tensors(case.source.network, case.parallelism, rank)
        if tensor.name == own.name
    }


def _rows(tensor: ExpectedTensor, starts: tuple[int, ...]) -> tuple[Indices, ...]:
    return tuple(
        start + np.arange(piece.rows.start, piece.rows.stop)
        for start, piece in zip(starts, tensor.pieces, strict=False)
    )


def _columns(tensor: ExpectedTensor, count: int) -> Indices:
    columns: Any = tensor.pieces[0].columns or range(count)
    return np.arange(columns.start, columns.stop)
