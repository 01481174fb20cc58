"""Attention with steps of it done in 16 bits."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.formats import SIXTEEN_BITS, Format
from parity.replay.arrays import Floats

__all__ = ["coarser_sixteen_bits", "running_sum", "sixteen_bits"]


def coarser_sixteen_bits(case: SourceCase) -> tuple[Format, ...]:
    """fp16 and bf16, as far as they are coarser than what the candidate computes in: else rounding is its floor."""
    return tuple(f for f in SIXTEEN_BITS if f.unit_roundoff > case.dtype.unit_roundoff)


def sixteen_bits(case: SourceCase) -> tuple[Format, ...]:
    """fp16 and bf16, as far as they are no finer than what the candidate computes in."""
    return tuple(f for f in SIXTEEN_BITS if f.unit_roundoff >= case.dtype.unit_roundoff)


def running_sum(parts: Iterable[Floats], format_: Format) -> Floats:
    """The sum of `parts`, one after the other, rounded after each addition."""
    total = np.zeros(1)
    for part in parts:
        total = format_.nearest(total + part)
    return total
