"""Number formats that a value may have been squeezed into, and rounding to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ml_dtypes
import numpy as np
import numpy.typing as npt

from parity.replay.arrays import Floats

__all__ = ["FORMATS", "SIXTEEN_BITS", "Format", "coarser_formats", "half_step"]


@dataclass(frozen=True, eq=False)
class Format:
    """A floating-point format.

    Attributes:
        short: its usual name.
        unit_roundoff: half the distance from 1 to the next number.
        largest: its largest finite number.
        nearest: rounds to the nearest number of the format; beyond `largest` to infinity or, for fp8, NaN.
    """

    short: str
    unit_roundoff: float
    largest: float
    nearest: Callable[[Floats], Floats]

    def saturated(self, values: Floats) -> Floats:
        """`values` clamped to the format's range, then rounded to nearest."""
        return self.nearest(np.clip(values, -self.largest, self.largest))


def half_step(values: Floats, format_: Format) -> Floats:
    """Half the distance between neighbours of the format at each of `values`."""
    _, exponent = np.frexp(values)
    half: Floats = np.ldexp(format_.unit_roundoff, exponent - 1)
    return half


def _through(dtype: npt.DTypeLike) -> Callable[[Floats], Floats]:
    def nearest(values: Floats) -> Floats:
        with np.errstate(over="ignore"):
            return values.astype(dtype).astype(np.float64)

    return nearest


def _to_tf32(values: Floats) -> Floats:
    """Ten stored bits of significand with the exponent of fp32, ties to even."""
    significand, exponent = np.frexp(values)
    rounded: Floats = np.ldexp(np.rint(significand * 2**11) / 2**11, exponent)
    return rounded


FORMATS = (
    Format("fp16", 2.0**-11, 65504.0, _through(np.float16)),
    Format("TF32", 2.0**-11, 3.4e38, _to_tf32),
    Format("bf16", 2.0**-8, 3.3895e38, _through(ml_dtypes.bfloat16)),
    Format("fp8 e4m3", 2.0**-4, 448.0, _through(ml_dtypes.float8_e4m3fn)),
    Format("fp8 e5m2", 2.0**-3, 57344.0, _through(ml_dtypes.float8_e5m2)),
)
"""From fine to coarse; what lies on the grid of fp16 lies on that of TF32 too, so fp16 comes first."""

SIXTEEN_BITS = tuple(format_ for format_ in FORMATS if format_.short in ("fp16", "bf16"))
"""Those of 16 bits that engines compute in."""


def coarser_formats(unit_roundoff: float, *, among: Sequence[Format] = FORMATS) -> tuple[Format, ...]:
    """The formats that are clearly coarser than one with that unit roundoff, the finest first."""
    return tuple(format_ for format_ in among if format_.unit_roundoff > 2 * unit_roundoff)
