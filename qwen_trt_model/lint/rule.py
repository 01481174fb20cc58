"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from qwen_trt_model.lint.case import LintCase
from qwen_trt_model.lint.finding import LintFinding

__all__ = ["Rule"]


@dataclass(frozen=True)
class Rule:
    """One thing that a checkpoint has to be.

    Attributes:
        name: short, as findings carry it.
        find: gives every deviation.
    """

    name: str
    find: Callable[[LintCase], Iterator[LintFinding]]
