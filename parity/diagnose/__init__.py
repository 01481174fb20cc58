"""Causes: hypotheses replayed on the captured inputs of a source tap."""

from parity.diagnose.case import SourceCase
from parity.diagnose.explain import explain
from parity.diagnose.hypotheses import HYPOTHESES
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.signature import describe
from parity.diagnosis import Cause

__all__ = ["HYPOTHESES", "Cause", "Hypothesis", "Prediction", "SourceCase", "describe", "explain"]
