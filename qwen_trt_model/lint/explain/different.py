"""Values that nothing else explains: how far they are from the wanted ones."""

from __future__ import annotations

from qwen_trt_model.lint.explain.mismatch import Explanation, Mismatch

__all__ = ["explain_different"]

_UNRELATED = 0.2


def explain_different(mismatch: Mismatch) -> Explanation:
    """Say how many values differ, by how much, and the first of them."""
    found = mismatch.differences
    index = list(found.first) if mismatch.found.shape[1] > 1 else [found.first[0]]
    place = f"the first at {index} is {found.found:.6g}, not {found.expected:.6g}"
    count = f"{found.count} of {found.elements} values differ, {place}"
    if abs(found.cosine) < _UNRELATED:
        return Explanation("unrelated", f"unrelated values: {count}", "give the folder that it was converted from")
    how = f"rel-L2 {found.error:.3g}, cosine {found.cosine:.6f}"
    return Explanation("different", f"{count}; {how}", "convert again from this Hugging Face folder")
