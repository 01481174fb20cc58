"""Ranks that hold the same parts, where each should hold its own: one rank's file written for all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from qwen_trt_model.lint.case import LintCase, StoredPair
from qwen_trt_model.lint.finding import LintFinding
from qwen_trt_model.lint.rule import Rule
from qwen_trt_model.lint.stored import same_bytes

__all__ = ["IDENTICAL_RANKS"]


def _find(case: LintCase) -> Iterator[LintFinding]:
    for first, second in combinations(sorted(case.files.ranks), 2):
        cut = [
            (one, other) for one, other in _pairs(case, first, second) if one.expected.pieces != other.expected.pieces
        ]
        if cut and all(same_bytes(one.stored, other.stored) for one, other in cut):
            yield LintFinding(
                "ranks_identical",
                "error",
                f"rank{first}.safetensors and rank{second}.safetensors",
                f"another part in each of the {len(cut)} tensors that are cut",
                "the same bytes in all of them",
                "convert again: one rank's weights were written into both files",
            )


def _pairs(case: LintCase, first: int, second: int) -> Iterator[tuple[StoredPair, StoredPair]]:
    """The tensors that both ranks have, if they are of one pipeline stage."""
    by_name = {pair.expected.name: pair for pair in case.pairs() if pair.expected.rank.index == first}
    for pair in case.pairs():
        twin = by_name.get(pair.expected.name)
        if twin and pair.expected.rank.index == second and pair.expected.layer == twin.expected.layer:
            yield twin, pair


IDENTICAL_RANKS = Rule("identical_ranks", _find)
