"""Least-squares factors between outputs."""

from __future__ import annotations

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import weighted
from parity.replay.arrays import Floats

__all__ = ["proportion"]


def proportion(case: SourceCase, guess: Floats) -> float:
    """The factor that brings `guess`, which has the axes of the tap, nearest to the candidate's output."""
    basis, target = weighted(case, guess), weighted(case, case.output)
    size = float((basis * basis).sum())
    return float((basis * target).sum()) / size if size > 0 else 0.0
