"""Noise where an error that came in has moved an operation to other values than the truth's.

The floor run measures noise at the truth's values. Behind a large error the candidate computes with other ones: a
stream fifteen times as large is rounded fifteen times as coarsely, and where one channel holds nearly all of a token,
a single rounding is twice the usual part of it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from parity.dtypes import DtypeInfo
from parity.metrics import RealRows, Squares, squares
from parity.replay.arrays import Floats, widened
from parity.replay.predict import Captured

__all__ = ["displaced_tokens", "jittered", "noise_of_storing"]

_DISPLACED = 0.1
"""A token is displaced where what came in moves the output by this part of itself."""


def displaced_tokens(inherited: Squares) -> npt.NDArray[np.bool_]:
    """Where what came in moves the output by more than a tenth of it, ``[row]``."""
    moved, truth = inherited.error_squares.sum(axis=1), inherited.truth_squares.sum(axis=1)
    return np.asarray(moved > _DISPLACED**2 * truth)


def noise_of_storing(predict: Callable[[Captured], RealRows], inputs: Captured, dtype: DtypeInfo) -> Floats:
    """The error that storing inputs and output in `dtype` may make, ``[row]``; 0 where nothing finite tells.

    Args:
        predict: the reference's operation at real tokens.
        inputs: the candidate's captured inputs.
        dtype: what the candidate computes in.
    """
    predicted = predict(inputs)
    moved = squares(predicted, predict({name: jittered(array, dtype) for name, array in inputs.items()}))
    step = _steps(predicted.values, dtype)
    if predicted.valid is not None:
        step = np.where(predicted.valid, step, 0.0)
    total = moved.error_squares.sum(axis=1) + np.square(step).sum(axis=(1, 2)) / 12  # the variance of a rounding
    noise: Floats = np.sqrt(np.where(np.isfinite(total), total, 0.0))
    return noise


def jittered(array: npt.NDArray[np.generic], dtype: DtypeInfo) -> Floats:
    """`array` with each value moved within its rounding interval in `dtype`, the same way every time."""
    values = widened(array)
    return values + _steps(values, dtype) * np.random.default_rng(0).uniform(-0.5, 0.5, values.shape)


def _steps(values: Floats, dtype: DtypeInfo) -> Floats:
    """The distance of neighbouring numbers of `dtype` at each value; 0 at zero."""
    _, exponent = np.frexp(values)
    return np.where(values == 0, 0.0, np.ldexp(dtype.unit_roundoff, exponent))
