"""Values: every weight is the Hugging Face one, cast once, and where it is not, what it is instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from qwen_trt_model.lint.case import LintCase, StoredPair
from qwen_trt_model.lint.comparable import is_comparable
from qwen_trt_model.lint.explain import Explanation, Mismatch, explain, explain_or_measure, part_label
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.rule import Rule
from qwen_trt_model.lint.stored import map_stored
from qwen_trt_model.lint.values import Wanted, as_matrix, find_differences
from qwen_trt_model.lint.workers import side_by_side

__all__ = ["VALUES"]


def _find(case: LintCase) -> Iterator[LintFinding]:
    pairs = [pair for pair in case.pairs() if is_comparable(case, pair)]
    for mismatch in side_by_side(lambda pair: _mismatch(case, pair), pairs):
        if mismatch is not None:
            yield from _explained(mismatch)


def _mismatch(case: LintCase, pair: StoredPair) -> Mismatch | None:
    found = as_matrix(map_stored(pair.stored))[: pair.expected.shape[0]]
    wanted = Wanted(case.source, pair.expected.pieces, found.dtype, pair.expected.padding)
    differences = find_differences(wanted, found)
    if differences is None:
        return None
    return Mismatch(case, pair.expected, pair.expected.pieces, wanted, found, differences)


def _explained(mismatch: Mismatch) -> Iterator[LintFinding]:
    """One finding for the tensor, or one for each part of a fused one that deviates in its own way."""
    if len(mismatch.pieces) == 1:
        yield _finding(mismatch, explain_or_measure(mismatch))
        return
    whole = explain(mismatch)
    if whole is not None:
        yield _finding(mismatch, whole)
        return
    for part in _parts(mismatch):
        yield _finding(part, explain_or_measure(part))


def _parts(mismatch: Mismatch) -> Iterator[Mismatch]:
    start = 0
    for piece in mismatch.pieces:
        found = mismatch.found[start : start + len(piece.rows)]
        start += len(piece.rows)
        wanted = replace(mismatch.wanted, pieces=(piece,), padding=0)
        differences = find_differences(wanted, found)
        if differences is not None:
            yield replace(mismatch, pieces=(piece,), wanted=wanted, found=found, differences=differences)


def _finding(mismatch: Mismatch, explanation: Explanation) -> LintFinding:
    place = mismatch.case.place(mismatch.expected)
    subject = f"{place} ({part_label(mismatch.pieces[0].part)})" if mismatch.is_part else place
    return LintFinding(
        explanation.check, explanation.severity, subject, mismatch.label, explanation.found, explanation.cure
    )


VALUES = Rule("values", _find)
