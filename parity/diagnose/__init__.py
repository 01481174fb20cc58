"""Causes: hypotheses replayed on the captured inputs of a source tap."""

from parity.diagnose.case import SourceCase
from parity.diagnose.explain import Cause, explain
from parity.diagnose.hypotheses import HYPOTHESES
from parity.diagnose.hypothesis import Hypothesis, Prediction

__all__ = ["HYPOTHESES", "Cause", "Hypothesis", "Prediction", "SourceCase", "explain"]
