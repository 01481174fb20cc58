"""Casting weights to the checkpoint's dtype, and what is lost by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.dtypes import dtype_info
from parity.errors import ParityError

__all__ = ["CastLoss", "bits", "cast", "cast_loss"]

_MANTISSA_BITS = {"float16": 10, "bfloat16": 7, "float32": 23}
_LARGEST = {"float16": 65504.0, "bfloat16": 3.3895e38, "float32": 3.4028e38}


@dataclass(frozen=True)
class CastLoss:
    """Values of one tensor that a cast moved by more than one rounding.

    Attributes:
        tensor: its name in the Hugging Face checkpoint.
        elements: how many it has.
        zeroed: how many became zero and were not.
        subnormal: how many are subnormal now, so that they have fewer than the usual bits.
    """

    tensor: str
    elements: int
    zeroed: int
    subnormal: int


def cast(array: npt.NDArray[Any], dtype: str, *, name: str) -> npt.NDArray[Any]:
    """`array` in `dtype` (numpy's name), rounded to nearest even; contiguous.

    Raises:
        ParityError: finite values became infinite.
    """
    target = np.dtype(dtype_info(dtype).numpy)
    if array.dtype == target:
        return np.ascontiguousarray(array)
    with np.errstate(over="ignore"):
        result = np.ascontiguousarray(array).astype(target)
    overflowing = np.isinf(result) & np.isfinite(array)
    if overflowing.any():
        worst = np.abs(array[overflowing].astype(np.float64)).max()
        raise ParityError(
            f"{name}: {int(overflowing.sum())} of {array.size} values overflow in {dtype}, the largest is {worst:.6g}, "
            f"the limit {_LARGEST[dtype]:.6g}",
            cure="convert to bf16 or fp32",
        )
    return result


def cast_loss(before: npt.NDArray[Any], after: npt.NDArray[Any], *, name: str) -> CastLoss | None:
    """What a cast from `before` to `after` lost beyond one rounding; None where it lost nothing."""
    magnitude = _magnitude_bits(after)
    zero = magnitude == 0
    zeroed = int(np.count_nonzero(zero & (_magnitude_bits(before) != 0)))
    subnormal = int(np.count_nonzero((magnitude >> _MANTISSA_BITS[str(after.dtype)] == 0) & ~zero))
    return CastLoss(name, before.size, zeroed, subnormal) if zeroed or subnormal else None


def bits(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The stored bits as unsigned integers: there, NaN equals itself, and -0.0 is not 0.0."""
    return np.ascontiguousarray(array).view(np.dtype(f"u{array.dtype.itemsize}"))


def _magnitude_bits(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    unsigned = bits(array)
    magnitude: npt.NDArray[Any] = unsigned & np.array(np.iinfo(unsigned.dtype).max >> 1, unsigned.dtype)
    return magnitude
