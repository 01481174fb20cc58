"""Numbers that people write: what a fitted number probably was before noise."""

from __future__ import annotations

import math
from collections.abc import Iterator

from parity.taps import DecoderShape

__all__ = ["likely_factors", "named_factor"]

_TOLERANCE = 0.02
_SMALLEST = 1e-9


def likely_factors(value: float) -> Iterator[float]:
    """Whole numbers, their reciprocals, roots and powers of two within 2 % of `value`, then `value` itself.

    Where noise hides the difference, the first is as good an explanation and needs no fitted number.
    """
    sign, size = math.copysign(1.0, value), abs(value)
    simple = {number for number in _simple_near(size) if abs(number - size) <= _TOLERANCE * size}
    yield from (sign * number for number in sorted(simple, key=lambda number: abs(number - size)))
    yield value


def named_factor(value: float, *, shape: DecoderShape) -> str:
    """`value` with four digits, and where it comes from if that is plain: ``8 (√hidden)``."""
    for size in ("hidden", "head_dim", "heads", "layers"):
        number = getattr(shape, size)
        for name, known in ((f"√{size}", number**0.5), (f"1/√{size}", number**-0.5)):
            if number > 1 and math.isclose(value, known, rel_tol=1e-3):
                return f"{value:.4g} ({name})"
    return f"{value:.4g}"


def _simple_near(size: float) -> Iterator[float]:
    if not _SMALLEST < size < 1 / _SMALLEST:
        return
    yield float(round(size))
    yield 1 / max(1, round(1 / size))
    yield math.sqrt(round(size**2))
    yield 1 / math.sqrt(max(1, round(1 / size**2)))
