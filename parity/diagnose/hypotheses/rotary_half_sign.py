"""RoPE whose rotate_half lost its minus sign."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotation import RowOperation, rotary_row_predictions, rotation_of
from parity.diagnose.token_rows import TokenRows
from parity.replay.arrays import Floats

__all__ = ["ROTARY_HALF_SIGN"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """``x·cos + (±x₂, ±x₁)·sin``; the right signs are (-, +), and (+, -) turns backwards."""
    rotation = rotation_of(case)

    def model(upper: float, lower: float) -> RowOperation:
        def operation(x: Floats, rows: TokenRows) -> Floats:
            angles = (rows.positions[:, None] * rotation.frequencies)[:, None, :]  # [row, 1, pair]
            cos, sin = rotation.scale * np.cos(angles), rotation.scale * np.sin(angles)
            first, second = x[..., : rotation.pairs], x[..., rotation.pairs :]
            return np.concatenate([first * cos + upper * second * sin, second * cos + lower * first * sin], axis=-1)

        return operation

    return rotary_row_predictions(
        case,
        [
            Guess("rotate_half lacks its minus sign: (x₂, x₁) instead of (-x₂, x₁)", model(1, 1)),
            Guess("rotate_half has two minus signs: (-x₂, -x₁) instead of (-x₂, x₁)", model(-1, -1)),
        ],
    )


ROTARY_HALF_SIGN = Hypothesis("rotary_half_sign", ("rotary",), _predict, rank=1)
