"""Which stored tensors can be compared with the model value by value."""

from __future__ import annotations

from qwen_trt_model.lint.case import LintCase, StoredPair
from qwen_trt_model.lint.quantised.format import quantised_weight
from qwen_trt_model.lint.stored import FLOATS
from qwen_trt_model.tensors import EMBEDDING, LM_HEAD

__all__ = ["is_comparable", "is_quantised", "padded_rows"]


def is_quantised(case: LintCase, pair: StoredPair) -> bool:
    """Whether the tensor holds codes of a quantised weight, in a layout of its own."""
    return quantised_weight(case.files, pair)


def padded_rows(pair: StoredPair) -> int:
    """How many rows a vocabulary has been given beyond those that it should have; 0 for all other tensors."""
    if pair.expected.name not in (LM_HEAD, EMBEDDING) or pair.stored.shape[1:] != pair.expected.shape[1:]:
        return 0
    return max(0, pair.stored.shape[0] - pair.expected.shape[0])


def is_comparable(case: LintCase, pair: StoredPair) -> bool:
    """Whether its values are weights of the expected shape, padding aside."""
    shaped = pair.stored.shape == pair.expected.shape or padded_rows(pair) > 0
    return shaped and pair.stored.dtype in FLOATS and not is_quantised(case, pair)
