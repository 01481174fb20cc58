"""NaN and infinity in stored weights."""

from __future__ import annotations

import numpy as np

from qwen_trt_model.lint.explain.mismatch import Explanation, Mismatch

__all__ = ["explain_not_finite"]


def explain_not_finite(mismatch: Mismatch) -> Explanation | None:
    """Some values are not finite, where the wanted ones are."""
    if np.isfinite(mismatch.differences.error):
        return None
    count = 0
    for start, block in mismatch.wanted.blocks():
        found = mismatch.found[start : start + len(block)].astype(np.float32)
        count += int(np.count_nonzero(~np.isfinite(found) & np.isfinite(block.astype(np.float32))))
    if count == 0:
        return None
    total = mismatch.found.size
    return Explanation("not_finite", f"NaN or infinity in {count} of {total} values", "convert the tensor again")
