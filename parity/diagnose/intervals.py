"""Predictions that are only known up to a rounding."""

from __future__ import annotations

from parity.diagnose.case import SourceCase
from parity.replay.arrays import Floats

__all__ = ["nearest_in"]


def nearest_in(case: SourceCase, low: Floats, high: Floats) -> Floats:
    """What the candidate would have put out, had it rounded a value in ``[low, high]`` to what it did put out.

    A value near a tie goes either way with the last place of what came before, so a rounded output tells which
    interval the unrounded value lay in and no more. Where the reference's value lies in that interval, the
    rounding accounts for the whole residual; elsewhere the way to the interval's border stays unexplained.
    """
    output: Floats = case.output - (case.predicted - case.predicted.clip(low, high))
    return output
