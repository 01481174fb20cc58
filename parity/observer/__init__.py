"""The observer effect: whether marking taps changes what an engine computes, and what to do about it."""

from parity.observer.aliased_rows import with_aliasing
from parity.observer.aliasing import find_aliasing
from parity.observer.grade import OBSERVER_RULES, grade
from parity.observer.layers import compare_layers
from parity.observer.logits import LogitsJudge
from parity.observer.observe import LOGITS, judge_logits_of, observe, observe_phase
from parity.observer.probe_sets import ProbeSets, find_probe_sets
from parity.observer.spread import SpreadRunner

__all__ = [
    "LOGITS",
    "OBSERVER_RULES",
    "LogitsJudge",
    "ProbeSets",
    "SpreadRunner",
    "compare_layers",
    "find_aliasing",
    "find_probe_sets",
    "grade",
    "judge_logits_of",
    "observe",
    "observe_phase",
    "with_aliasing",
]
