"""The noise ratio R: how much farther than rounding, token by token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparison import NoiseMetrics
from parity.dtypes import ROUNDING_REL_L2
from parity.metrics.differences import Floats
from parity.metrics.errors import rel_l2
from parity.metrics.squares import SquaredErrors

__all__ = [
    "TokenFloor",
    "noise_metrics",
    "noise_ratio_by_token",
    "noisy_part",
    "token_floor",
    "worst_case_ratio_by_token",
]


_NOISY_TOKENS = 0.95
"""The quantile of the floor over tokens, relative to the values, that any single token is allowed."""


@dataclass(frozen=True, eq=False)
class TokenFloor:
    """The floor of one tap.

    Attributes:
        error: the norm of the error that counts as noise at each real token, float64, shape ``[row]``.
        rel_l2: the floor run's own rel-L2 over all real elements.
        basis: ``measured``, or ``rounding`` where the floor run is exact at more than half of the tokens.
        spread: noise that any single token is allowed at least, shape ``[row]``, where something better is known of
            how it is spread over tokens than that it goes with the size of the output; None where not.
    """

    error: Floats
    rel_l2: float
    basis: str
    spread: Floats | None = None

    def at(self, rows: npt.NDArray[Any]) -> TokenFloor:
        """The floor of some of its tokens."""
        return TokenFloor(self.error[rows], self.rel_l2, self.basis, None if self.spread is None else self.spread[rows])

    def times(self, factors: Floats, *, at_least: Floats) -> TokenFloor:
        """The floor with every token's noise multiplied; both arguments have the shape ``[row]``."""
        spread = None if self.spread is None else self.spread * factors
        return TokenFloor(np.maximum(self.error * factors, at_least), self.rel_l2, self.basis, spread)


def token_floor(
    floors: Sequence[SquaredErrors], *, unit_roundoff: float, input_norms: Sequence[Floats] = ()
) -> TokenFloor:
    """The noise floor at each token: the largest of the floor runs, but no less than one rounding.

    A floor of one run is one sample: a token whose error happens to be tiny (one that a massive activation
    dominates, or that the dtype represents exactly) would turn any honest rounding into a large R. One
    rounding of the value, or of its inputs where the run is exact, is what every implementation may cost.

    Args:
        floors: one or more floor runs against the truth.
        unit_roundoff: of the candidate's dtype.
        input_norms: the truth's norm of each input of the tap, float64, shape ``[row]``.
    """
    measured = np.sqrt(np.max([floor.error_squares.sum(axis=1) for floor in floors], axis=0))  # [row]
    scale = np.sqrt(floors[0].truth_squares.sum(axis=1))  # [row]
    exact = measured == 0
    for norms in input_norms:
        scale = np.where(exact, np.maximum(scale, norms), scale)
    rounding = ROUNDING_REL_L2 * unit_roundoff * scale
    error = float(np.max([floor.error_squares.sum() for floor in floors]))
    return TokenFloor(
        np.maximum(measured, rounding),
        rel_l2(error, float(floors[0].truth_squares.sum())),
        "rounding" if exact.mean() > 0.5 else "measured",
    )


def noise_ratio_by_token(candidate: SquaredErrors, floor: TokenFloor) -> Floats:
    """R of each real token, float64, shape ``[row]``; 0 where the candidate is exact."""
    return _ratio(np.sqrt(candidate.error_squares.sum(axis=1)), floor.error)


def worst_case_ratio_by_token(candidate: SquaredErrors, floor: TokenFloor) -> Floats:
    """R of each real token with a noise no less than that of the noisy twentieth, float64, shape ``[row]``.

    The worst token is judged by this. Where a token's error hangs on one ill-conditioned number (a softmax near a
    tie), floor and candidate each draw a single sample of it, and the ratio of two single samples is above 4 in
    one case of six; among hundreds of tokens the most unlucky one would always be condemned.
    """
    size = np.sqrt(candidate.truth_squares.sum(axis=1))
    allowed = np.maximum(floor.error, size * noisy_part(floor.error, size))
    if floor.spread is not None:
        allowed = np.maximum(allowed, floor.spread)
    return _ratio(np.sqrt(candidate.error_squares.sum(axis=1)), allowed)


def noisy_part(error: Floats, scale: Floats) -> float:
    """`error` in units of `scale` at the noisy twentieth of tokens, both ``[row]``."""
    return _noisy(_ratio(error, scale)[scale > 0])


def noise_metrics(candidate: SquaredErrors, floor: TokenFloor) -> NoiseMetrics:
    """R of the median and of the worst token; the worst is judged by a larger noise, but never called the better."""
    ratios, worst = noise_ratio_by_token(candidate, floor), worst_case_ratio_by_token(candidate, floor)
    median = float(np.median(ratios))
    return NoiseMetrics(median, max(float(worst.max()), median), floor.rel_l2, floor.basis)


def _noisy(relative: Floats) -> float:
    return float(np.quantile(relative, _NOISY_TOKENS)) if relative.size else 0.0


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Quotients with 0/0 = 0 and x/0 infinite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = numerator / denominator
    return np.where(numerator == 0, 0.0, quotient)
