"""A tap's real tokens as a matrix, and how much each token counts."""

from __future__ import annotations

import math

import numpy as np

from parity.diagnose.case import SourceCase
from parity.dtypes import ROUNDING_REL_L2
from parity.metrics import TokenFloor, real_rows
from parity.replay.arrays import Floats, widened
from parity.replay.predict import Captured
from parity.taps import Tap

__all__ = ["captured_columns", "captured_names", "columns", "input_columns", "noise_floor", "token_weights", "weighted"]


def columns(case: SourceCase, array: Floats) -> Floats:
    """`array`, which has the axes of the tap, at real tokens: ``[row, width]``; zero where a query sees no key."""
    rows = case.rows(array)
    values = rows.values if rows.valid is None else np.where(rows.valid, rows.values, 0.0)
    flat: Floats = values.reshape(len(values), -1)
    return flat


def input_columns(case: SourceCase, index: int = 0) -> Floats:
    """The candidate's input `index` at real tokens, ``[row, width]``."""
    rows = case.inputs[index][case.reference.tokens.mask]
    flat: Floats = rows.reshape(len(rows), -1)
    return flat


def noise_floor(case: SourceCase, output: Floats) -> TokenFloor:
    """The noise at each token were `output` the right answer.

    It is that of the reference's operation, in proportion where `output` is larger than the reference's: an
    output eight times as large is rounded eight times as coarsely. It is no less than one rounding.
    """
    norms, reference = _norms(case, output), _norms(case, case.predicted)
    rounding = ROUNDING_REL_L2 * case.dtype.unit_roundoff * norms
    if case.floor is None:
        return TokenFloor(rounding, ROUNDING_REL_L2 * case.dtype.unit_roundoff, "rounding")
    with np.errstate(divide="ignore", invalid="ignore"):
        larger = np.where(reference > 0, np.maximum(norms / reference, 1.0), 1.0)
    return case.floor.times(larger, at_least=rounding)


def token_weights(case: SourceCase) -> Floats:
    """One over the noise of each real token, shape ``[row]``: with it, least squares is maximum likelihood."""
    noise = noise_floor(case, case.output).error
    return np.divide(1.0, noise, out=np.zeros_like(noise), where=noise > 0)


def weighted(case: SourceCase, array: Floats) -> Floats:
    """`columns`, each token in units of its noise."""
    return columns(case, array) * token_weights(case)[:, None]


def captured_names(case: SourceCase, width: int, *, without: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The candidate's captured taps of `width` channels in all, in graph order."""
    names = frozenset(case.candidate) - frozenset(without)
    return tuple(tap.name for tap in case.graph if tap.name in names and "key" not in tap.axes and _width(tap) == width)


def captured_columns(case: SourceCase, captured: Captured, name: str) -> Floats:
    """One side's captured tap `name` at real tokens: float64 ``[row, width]``."""
    rows = real_rows(captured[name], case.graph[name], case.reference.tokens).values
    return widened(rows.reshape(len(rows), -1))


def _width(tap: Tap) -> int:
    return math.prod(size for size in tap.sizes if size is not None)


def _norms(case: SourceCase, array: Floats) -> Floats:
    values = columns(case, array)
    norms: Floats = np.sqrt(np.einsum("rc,rc->r", values, values))
    return norms
