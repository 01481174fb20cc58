"""The observer effect: whether marking taps changes what an engine computes, and what to do about it."""

from parity.observer.grade import OBSERVER_RULES, grade
from parity.observer.layers import compare_layers
from parity.observer.logits import LogitsJudge
from parity.observer.observe import LOGITS, observe, observe_phase

__all__ = ["LOGITS", "OBSERVER_RULES", "LogitsJudge", "compare_layers", "grade", "observe", "observe_phase"]
