"""The right rows in another order, or rows of another rank: a mistake of fusing or cutting."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from qwen_trt_model.lint.explain.layouts import row_layouts
from qwen_trt_model.lint.explain.mismatch import Explanation, Mismatch
from qwen_trt_model.lint.explain.pool import Pool, row_pool
from qwen_trt_model.lint.values import row_fingerprints

__all__ = ["explain_rows_moved", "row_runs", "solve_order"]

_JOIN = "join the rows in the order {labels}, heads and the rows of each head as Hugging Face has them"
_KEEP = "keep the rows of {labels} as Hugging Face has them"
_CUT = ", each cut by itself for rank {rank}"
_LISTED = 4

Indices = npt.NDArray[np.int64]


def explain_rows_moved(mismatch: Mismatch) -> Explanation | None:
    """Compare with every named order, then solve for the order that holds."""
    if mismatch.is_part:
        return None
    pool, parallelism = row_pool(mismatch), mismatch.case.parallelism
    rank, ranks = mismatch.expected.rank.tensor, parallelism.tensor
    found = row_fingerprints(mismatch.found[: len(np.concatenate(pool.own))])
    cure = (_JOIN if len(pool.labels) > 1 else _KEEP).format(labels=" | ".join(pool.labels))
    cure += _CUT.format(rank=rank) if ranks > 1 else ""
    for layout in row_layouts(pool, mismatch.case.source.network, rank, ranks):
        if layout.rows.size == found.size and (pool.fingerprints[layout.rows] == found).all():
            return Explanation(layout.check, layout.sentence, cure)
    order = solve_order(pool, found)
    if order is None:
        return None
    return Explanation("rows_moved", f"the same rows in another order: {', '.join(row_runs(pool, order))}", cure)


def solve_order(pool: Pool, found: npt.NDArray[np.uint64]) -> Indices | None:
    """The pool rows that were found; None where some are of nowhere, or rows are too alike to be told apart.

    A row that is found where it belongs counts as that one, though others may be equal to it.
    """
    own = np.concatenate(pool.own)
    if np.unique(pool.fingerprints).size < 0.5 * pool.fingerprints.size or own.size != found.size:
        return None
    by_value = np.argsort(pool.fingerprints, kind="stable")
    places = np.searchsorted(pool.fingerprints[by_value], found)
    order: Indices = by_value[np.minimum(places, by_value.size - 1)]
    if (pool.fingerprints[order] != found).any():
        return None
    return np.where(pool.fingerprints[own] == found, own, order)


def row_runs(pool: Pool, order: Indices) -> Iterator[str]:
    """Runs of neighbouring rows, as ``q[0:16], v[0:8]``; the first few, and how many there are."""
    breaks = np.flatnonzero((np.diff(order) != 1) | np.isin(order[1:], pool.starts)) + 1
    runs = np.split(order, breaks)
    for run in runs[:_LISTED]:
        label, start = pool.where(int(run[0]))
        yield f"{label}[{start}:{start + run.size}]"
    if len(runs) > _LISTED:
        yield f"… in {len(runs)} runs"
