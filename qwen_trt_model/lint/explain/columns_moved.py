"""The right columns in another order, or columns of another rank: a mistake of cutting, or a permuted input."""

from __future__ import annotations

from qwen_trt_model.lint.explain.layouts import column_layouts
from qwen_trt_model.lint.explain.mismatch import Explanation, Mismatch
from qwen_trt_model.lint.explain.pool import column_pool
from qwen_trt_model.lint.explain.rows_moved import row_runs, solve_order
from qwen_trt_model.lint.values import column_fingerprints

__all__ = ["explain_columns_moved"]


def explain_columns_moved(mismatch: Mismatch) -> Explanation | None:
    """Compare with every named order, then solve for the order that holds."""
    if len(mismatch.pieces) > 1 or mismatch.is_part or mismatch.found.shape[1] < 2:
        return None
    pool, parallelism = column_pool(mismatch), mismatch.case.parallelism
    found = column_fingerprints(mismatch.found[: mismatch.found.shape[0] - mismatch.expected.padding])
    rank = mismatch.expected.rank.tensor
    cut = f": the part of rank {rank} is cut by columns" if parallelism.tensor > 1 else ""
    cure = f"keep the columns of {pool.labels[0]} as Hugging Face has them{cut}"
    for layout in column_layouts(pool, mismatch.case.source.network, rank, parallelism.tensor):
        if layout.rows.size == found.size and (pool.fingerprints[layout.rows] == found).all():
            return Explanation(layout.check, layout.sentence, cure)
    order = solve_order(pool, found)
    if order is None:
        return None
    runs = ", ".join(row_runs(pool, order))
    return Explanation("columns_moved", f"the same columns in another order: {runs}", cure)
