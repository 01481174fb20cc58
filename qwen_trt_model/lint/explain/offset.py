"""Values plus a constant: norm weights stored as w - 1 or w + 1, as zero-centred norms want them."""

from __future__ import annotations

import numpy as np

from qwen_trt_model.lint.explain.mismatch import Explanation, Mismatch
from qwen_trt_model.lint.values import rounding_error

__all__ = ["explain_offset"]


def explain_offset(mismatch: Mismatch) -> Explanation | None:
    """One constant for all values, to within one rounding of the larger of both."""
    wanted, found = (array.astype(np.float64) for array in (mismatch.wanted.whole(), mismatch.found))
    if mismatch.found.shape[1] > 1 or not np.isfinite(found).all():
        return None
    constant = float(np.median(found - wanted))
    constant = round(constant) if abs(constant - round(constant)) < 0.02 else constant
    error = np.abs(found - wanted - constant)
    larger = np.maximum(np.abs(found), np.abs(wanted))
    if constant == 0 or not (error <= 2 * rounding_error(larger, mismatch.found.dtype)).all():
        return None
    cure = "store norm weights as they are: Qwen multiplies by w, and not by 1 + w"
    return Explanation("offset", f"every value {constant:+.6g}", cure)
