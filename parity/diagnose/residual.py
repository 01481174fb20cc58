"""A residual at real tokens, with what its structure is judged by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns, noise_floor
from parity.diagnose.token_rows import TokenRows, real_tokens
from parity.replay.arrays import Floats

__all__ = ["Residual", "residual_of"]


@dataclass(frozen=True, eq=False)
class Residual:
    """What the candidate put out beyond the reference's operation.

    Attributes:
        tokens: which token each row is.
        values: candidate minus reference, zero where it is not finite and at tokens at which
            the reference's operation gives something that is not, ``[row, width]``.
        predicted: the reference's, ``[row, width]``.
        noise: the norm of the operation's noise at each token, ``[row]``.
    """

    tokens: TokenRows
    values: Floats
    predicted: Floats
    noise: Floats

    @property
    def by_token(self) -> Floats:
        """Norm of the residual at each token, ``[row]``."""
        norms: Floats = np.sqrt(np.einsum("rc,rc->r", self.values, self.values))
        return norms

    @property
    def ratio(self) -> Floats:
        """R of each token, ``[row]``; 0 where both residual and noise are zero."""
        noise = np.where(self.noise > 0, self.noise, np.finfo(np.float64).tiny)
        return self.by_token / noise

    @property
    def energy(self) -> float:
        """‖residual‖²."""
        return float(np.einsum("rc,rc->", self.values, self.values))


def residual_of(case: SourceCase) -> Residual:
    """The residual of `case`."""
    output, predicted = columns(case, case.output), columns(case, case.predicted)
    finite = np.isfinite(output) & np.isfinite(predicted).all(axis=1, keepdims=True)
    predicted = np.where(finite, predicted, 0.0)
    values = np.where(finite, output, 0.0) - predicted
    noise = noise_floor(case, np.where(np.isfinite(case.predicted), case.predicted, 0.0)).error
    return Residual(real_tokens(case.reference.tokens), values, predicted, noise)
