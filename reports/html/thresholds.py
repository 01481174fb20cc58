"""What common thresholds mean in one another's units, since their digits can't be compared."""

from __future__ import annotations

import math
from dataclasses import dataclass

from parity.comparison import Comparison
from parity.dtypes import ROUNDING_REL_L2, dtype_info
from parity.formatting import format_cosine, format_metric

__all__ = ["Threshold", "thresholds"]


@dataclass(frozen=True)
class Threshold:
    """One line of the conversion table; the last three texts say the same thing.

    Attributes:
        name: where the threshold comes from.
        is_this_run: it is no threshold but what this comparison found.
        rel_l2, cosine, sqnr_db: the same distance in each unit.
    """

    name: str
    is_this_run: bool
    rel_l2: str
    cosine: str
    sqnr_db: str


# rel-L2 of two vectors of equal norm is sqrt(2 (1 - cosine)).
_COMMON = (
    ("cosine 0.99 (a usual gate)", math.sqrt(0.02)),
    ("SNR 20 dB, NMSE 1e-2", 0.1),
    ("cosine 0.997 (Polygraphy's default)", math.sqrt(0.006)),
    ("cosine 0.999, relative difference 1e-3 as SGLang defines it", math.sqrt(0.002)),
    ("one rounding to bf16", ROUNDING_REL_L2 * dtype_info("bf16").unit_roundoff),
    ("NMSE 1e-6 (“identical” in llama.cpp)", 1e-3),
    ("one rounding to fp16", ROUNDING_REL_L2 * dtype_info("fp16").unit_roundoff),
)


def thresholds(comparison: Comparison) -> tuple[Threshold, ...]:
    """Common thresholds and the last tap of `comparison` that has values, the coarsest first."""
    last = next((row for row in reversed(comparison.rows) if row.errors is not None), None)
    entries = [(name, False, rel_l2) for name, rel_l2 in _COMMON]
    if last is not None and last.errors is not None and last.errors.rel_l2 > 0:
        entries.append((f"this run at {last.tap} ({last.phase})", True, last.errors.rel_l2))
    return tuple(_threshold(*entry) for entry in sorted(entries, key=lambda entry: -entry[2]))


def _threshold(name: str, is_this_run: bool, rel_l2: float) -> Threshold:
    return Threshold(
        name,
        is_this_run,
        format_metric(rel_l2),
        format_cosine(1 - rel_l2**2 / 2),
        format_metric(-20 * math.log10(rel_l2)),
    )
