"""One finding for one mistake: layers and ranks that deviate alike share a line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from parity.finding import SEVERITIES
from qwen_trt_model.lint.finding import LintFinding

__all__ = ["merged", "worst_first"]

_LAYER = re.compile(r"(?<=layers\.)\d+|(?<=\bh\.)\d+")
_RANK = re.compile(r"(?<=\brank)\d+(?=: )")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_MEASURED = {"different", "unrelated", "rounded_otherwise", "clamped", "scale_wrong", "codes_wrong", "cast_loss"}
"""Checks whose sentences hold measured numbers, which differ from layer to layer for one and the same mistake."""


def merged(findings: Iterable[LintFinding]) -> list[LintFinding]:
    """`findings` with those joined that differ in nothing but layer, rank and measured numbers.

    The first of them speaks for all; its subject names all layers and ranks.
    """
    groups: dict[tuple[str, ...], list[LintFinding]] = {}
    for finding in findings:
        groups.setdefault(_key(finding), []).append(finding)
    return [_joined(group) for group in groups.values()]


def worst_first(findings: Iterable[LintFinding]) -> tuple[LintFinding, ...]:
    """By severity; those of one severity keep their order."""
    order = list(SEVERITIES)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


def _key(finding: LintFinding) -> tuple[str, ...]:
    found = _masked(finding.found)
    if finding.check in _MEASURED:
        found = _NUMBER.sub("#", found)
    return finding.check, finding.severity, _masked(finding.subject), _masked(finding.expected), found


def _masked(text: str) -> str:
    return _RANK.sub("*", _LAYER.sub("*", text))


def _joined(group: list[LintFinding]) -> LintFinding:
    first = group[0]
    if len(group) == 1:
        return first
    subjects = [finding.subject for finding in group]
    subject = first.subject
    for pattern in (_LAYER, _RANK):
        numbers = sorted({int(match[0]) for text in subjects for match in pattern.finditer(text)})
        if len(numbers) > 1:
            subject = pattern.sub(_span(numbers), subject)
    more = "" if first.check not in _MEASURED else f" (in the first of {len(group)})"
    return replace(first, subject=subject, found=first.found + more, places=sum(item.places for item in group))


def _span(numbers: list[int]) -> str:
    """``{0-5}`` or ``{0,2,3}``."""
    if numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{{{numbers[0]}-{numbers[-1]}}}"
    return "{" + ",".join(map(str, numbers)) + "}"
