"""RoPE with cos where sin belongs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotation import Complexes, Turning, rotary_predictions, rotation_of
from parity.diagnose.token_rows import TokenRows

__all__ = ["ROTARY_COS_SIN"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """``x·a + rotate_half(x)·b`` multiplies each pair by a + ib; a and b should be cos and sin."""
    rotation = rotation_of(case)

    def model(real: np.ufunc, imaginary: np.ufunc) -> Turning:
        def factors(rows: TokenRows) -> Complexes:
            angles = rows.positions[:, None] * rotation.frequencies
            table: Complexes = rotation.scale * (real(angles) + 1j * imaginary(angles))
            return table

        return Turning(factors)

    return rotary_predictions(
        case,
        [
            Guess("cos and sin are exchanged", model(np.sin, np.cos)),
            Guess("cos stands where sin belongs too", model(np.cos, np.cos)),
            Guess("sin stands where cos belongs too", model(np.sin, np.sin)),
        ],
    )


ROTARY_COS_SIN = Hypothesis("rotary_cos_sin", ("rotary",), _predict, rank=1)
