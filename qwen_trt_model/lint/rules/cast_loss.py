"""What the cast to fp16 cost: overflow is an error, underflow is worth a note.

bf16 and fp32 have the range of what Hugging Face stores, so there is nothing to lose but bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from qwen_trt_model.casting import bits
from qwen_trt_model.lint.case import LintCase, StoredPair
from qwen_trt_model.lint.comparable import is_comparable
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.rule import Rule
from qwen_trt_model.lint.stored import map_stored, stored_dtype
from qwen_trt_model.lint.values import Wanted, as_matrix
from qwen_trt_model.lint.workers import side_by_side

__all__ = ["CAST_LOSS"]

_MAGNITUDE, _INFINITY = 0x7FFF, 0x7C00


@dataclass(frozen=True)
class _Lost:
    """Values of one tensor that the cast changed by more than a rounding."""

    infinite: int
    zero: int


def _find(case: LintCase) -> Iterator[LintFinding]:
    zero = tensors = 0
    pairs = [pair for pair in case.pairs() if is_comparable(case, pair) and _narrows(case, pair)]
    for pair, lost in zip(pairs, side_by_side(lambda pair: _count(case, pair), pairs), strict=True):
        zero, tensors = zero + lost.zero, tensors + bool(lost.zero)
        if lost.infinite:
            yield _overflow(case, pair, lost.infinite)
    if zero:
        found = f"{zero} that became zero in fp16, in {tensors} tensors"
        cure = "nothing where they are few; bf16 keeps values below 6e-8, fp16 does not"
        yield LintFinding("cast_loss", "note", "weights", "values that are not zero", found, cure)


def _narrows(case: LintCase, pair: StoredPair) -> bool:
    """Whether the checkpoint's dtype has a smaller range than what Hugging Face stores."""
    theirs = case.source.tensors[case.source.rows(pair.expected.pieces[0].part).tensor]
    return str(stored_dtype(pair.stored)) == "float16" != str(stored_dtype(theirs))


def _count(case: LintCase, pair: StoredPair) -> _Lost:
    """Count where the stored value is infinite or zero, and the model's is neither; few blocks hold such values."""
    found = as_matrix(map_stored(pair.stored))[: pair.expected.shape[0]]
    wanted = Wanted(case.source, pair.expected.pieces, np.dtype(np.float32), pair.expected.padding)
    infinite = zero = 0
    for start, stop in wanted.ranges():
        magnitude = bits(found[start:stop]) & _MAGNITUDE
        too_large, too_small = magnitude == _INFINITY, magnitude == 0
        if too_large.any() or too_small.any():
            exact = wanted.rows(start, stop)
            infinite += int(np.count_nonzero(np.isfinite(exact[too_large])))
            zero += int(np.count_nonzero(exact[too_small]))
    return _Lost(infinite, zero)


def _overflow(case: LintCase, pair: StoredPair, count: int) -> LintFinding:
    subject, cure = case.place(pair.expected), "convert to bf16 or fp32"
    return LintFinding("overflow", "error", subject, "finite weights", f"{count} that are infinite in fp16", cure)


CAST_LOSS = Rule("cast_loss", _find)
