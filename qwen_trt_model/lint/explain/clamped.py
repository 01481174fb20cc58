"""Values cut off at a limit, where the wanted ones go beyond it."""

from __future__ import annotations

import numpy as np

from qwen_trt_model.lint.explain.mismatch import Explanation, Mismatch

__all__ = ["explain_clamped"]


def explain_clamped(mismatch: Mismatch) -> Explanation | None:
    """All deviating values are the largest one stored, and the wanted ones are larger."""
    limit = max(
        float(np.abs(mismatch.found[start : start + len(block)].astype(np.float32)).max())
        for start, block in mismatch.wanted.blocks()
    )
    count = 0
    for start, block in mismatch.wanted.blocks():
        wanted, found = block.astype(np.float32), mismatch.found[start : start + len(block)].astype(np.float32)
        differs = wanted != found
        if not (found[differs] == np.copysign(limit, wanted[differs])).all() or (np.abs(wanted[differs]) < limit).any():
            return None
        count += int(np.count_nonzero(differs))
    cure = "store the weights as they are; convert to bf16 where fp16 can't hold them"
    return Explanation("clamped", f"{count} of {mismatch.found.size} values cut off at ±{limit:.6g}", cure)
