"""Casting weights to the checkpoint's dtype, and what is lost by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.dtypes import dtype_info
from parity.errors import ParityError

__all__ = ["CastLoss", "bits", "cast"]

_MANTISSA_BITS = {"float16": 10, "bfloat16": 7, "float32": 23}
_INFINITY_BITS = {"float16": 0x7C00, "bfloat16": 0x7F80, "float32": 0x7F800000}
_BLOCK = 2**18  # elements; temporaries of this size stay in the cache


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


def cast(array: npt.NDArray[Any], dtype: str, *, name: str) -> tuple[npt.NDArray[Any], CastLoss | None]:
    """Round `array` to `dtype`, to nearest even.

    Args:
        array: floating-point numbers, contiguous.
        dtype: numpy's name: ``float32``, ``float16`` or ``bfloat16``.
        name: of the tensor, for messages.

    Returns:
        The values in `dtype`, contiguous, and what the cast lost beyond one rounding; None where it lost nothing.

    Raises:
        ParityError: finite values became infinite.
    """
    target = np.dtype(dtype_info(dtype).numpy)
    if array.dtype == target:
        return np.ascontiguousarray(array), None
    source, result = array.reshape(-1), np.empty(array.size, target)
    zeroed = subnormal = 0
    for start in range(0, array.size, _BLOCK):
        before = source[start : start + _BLOCK]
        with np.errstate(over="ignore"):
            after = result[start : start + _BLOCK]
            after[...] = before.astype(target)
        magnitude = _magnitude_bits(after)
        if (magnitude == _INFINITY_BITS[dtype]).any():
            _refuse_overflow(before, after, dtype, name=name)
        small = magnitude >> _MANTISSA_BITS[dtype] == 0
        if small.any():
            zero = magnitude == 0
            zeroed += int(np.count_nonzero(_magnitude_bits(before)[zero]))
            subnormal += int(np.count_nonzero(small & ~zero))
    loss = CastLoss(name, array.size, zeroed, subnormal) if zeroed or subnormal else None
    return result.reshape(array.shape), loss


def bits(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The stored bits as unsigned integers: there, NaN equals itself, and -0.0 is not 0.0."""
    return np.ascontiguousarray(array).view(np.dtype(f"u{array.dtype.itemsize}"))


def _magnitude_bits(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    unsigned = bits(array)
    magnitude: npt.NDArray[Any] = unsigned & np.array(np.iinfo(unsigned.dtype).max >> 1, unsigned.dtype)
    return magnitude


def _refuse_overflow(before: npt.NDArray[Any], after: npt.NDArray[Any], dtype: str, *, name: str) -> None:
    with np.errstate(invalid="ignore"):  # signalling NaN
        overflowing = np.isinf(after) & np.isfinite(before)
    if overflowing.any():
        worst = np.abs(before[overflowing].astype(np.float64)).max()
        raise ParityError(
            f"{name}: values overflow in {dtype}, for example {worst:.6g}", cure="convert to bf16 or fp32"
        )
