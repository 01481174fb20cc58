"""A square matrix stored with rows and columns exchanged."""

from __future__ import annotations

import numpy as np

from qwen_trt_model.lint.explain.mismatch import Explanation, Mismatch

__all__ = ["explain_transposed"]


def explain_transposed(mismatch: Mismatch) -> Explanation | None:
    """Compare with the transpose of what is wanted."""
    rows, columns = mismatch.found.shape
    if rows != columns or rows == 1:
        return None
    first = mismatch.differences.first[0]
    if not np.array_equal(mismatch.wanted.at([first])[0], mismatch.found[:, first], equal_nan=True):
        return None
    if not np.array_equal(mismatch.wanted.whole().T, mismatch.found, equal_nan=True):
        return None
    cure = "store weights as [out, in], as Hugging Face does, and not transposed"
    return Explanation("transposed", f"{mismatch.label} transposed", cure)
