"""RoPE computed in 16 bits."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.formats import SIXTEEN_BITS, Format, coarser_formats
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotation import Rotation, RowOperation, rotary_row_predictions, rotation_of
from parity.diagnose.token_rows import TokenRows
from parity.replay.arrays import Floats

__all__ = ["ROTARY_ARITHMETIC_ROUNDED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """x, tables, both products and the sum rounded one after the other, as transformers does in 16 bits."""
    rotation, guesses = rotation_of(case), []
    for format_ in coarser_formats(case.dtype.unit_roundoff, among=SIXTEEN_BITS):
        for stored in (False, True):
            words = "with its input" if stored else "but for its input"
            operation = _rounded(rotation, format_, stored=stored)
            guesses.append(Guess(f"RoPE is computed in {format_.short}, {words}", operation))
    return rotary_row_predictions(case, guesses)


def _rounded(rotation: Rotation, format_: Format, *, stored: bool) -> RowOperation:
    to = format_.nearest

    def operation(x: Floats, rows: TokenRows) -> Floats:
        angles = (rows.positions[:, None] * rotation.frequencies)[:, None, :]  # [row, 1, pair]
        cos, sin = to(rotation.scale * np.cos(angles)), to(rotation.scale * np.sin(angles))
        x = to(x) if stored else x
        first, second = x[..., : rotation.pairs], x[..., rotation.pairs :]
        return np.concatenate([to(to(first * cos) - to(second * sin)), to(to(second * cos) + to(first * sin))], axis=-1)

    return operation


ROTARY_ARITHMETIC_ROUNDED = Hypothesis("rotary_arithmetic_rounded", ("rotary",), _predict, rank=3)
