"""Rows, or everything, that were never written."""

from __future__ import annotations

import numpy as np

from qwen_trt_model.lint.explain.mismatch import Explanation, Mismatch

__all__ = ["explain_zeroed"]

_CURE = "fill it: a shard was not loaded, or a part was not copied"


def explain_zeroed(mismatch: Mismatch) -> Explanation | None:
    """All values are zero, or all those of some rows, and the other rows are right."""
    if mismatch.found[mismatch.differences.first[0]].any():
        return None
    if not mismatch.found.any():
        return Explanation("zeroed", "zero everywhere", _CURE)
    empty, right = [], True
    for start, block in mismatch.wanted.blocks():
        found = mismatch.found[start : start + len(block)]
        zero = ~found.any(axis=1) & block.any(axis=1)
        empty += [int(row) for row in start + np.flatnonzero(zero)]
        right &= np.array_equal(block[~zero], found[~zero], equal_nan=True)
    if not empty or not right or mismatch.found.shape[1] == 1:
        return None
    rows = f"rows {empty[0]} to {empty[-1]}" if len(empty) > 1 else f"row {empty[0]}"
    return Explanation("zeroed", f"zero in {len(empty)} of {mismatch.found.shape[0]} rows, {rows}", _CURE)
