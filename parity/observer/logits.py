"""Logits of several engines of one network: each against the truth, and against one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.compare import Subject, compare
from parity.cost import logit_cost
from parity.dtypes import ROUNDING_REL_L2, dtype_info
from parity.limits import Limits
from parity.measure import bad_elements
from parity.metrics import (
    RealRows,
    Squares,
    TokenFloor,
    differences,
    error_metrics,
    noise_metrics,
    real_rows,
    rel_l2,
    squares,
    token_floor,
)
from parity.observer_effect import JudgedLogits, LogitsDistance
from parity.taps import Tap, TapGraph
from parity.tokens import TokenBatch
from parity.verdict import is_flagged

__all__ = ["LogitsJudge"]

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class LogitsJudge:
    """What the logits of one phase are judged by.

    Attributes:
        phase: its name.
        tap: the logits, with their axes.
        tokens: what went in.
        truth: the reference's logits, axes of the tap.
        floors: those of runs of the reference implementation in `dtype`.
        dtype: what the engines compute in, numpy's name.
        limits: of the comparison.
    """

    phase: str
    tap: Tap
    tokens: TokenBatch
    truth: Array
    floors: Sequence[Array]
    dtype: str
    limits: Limits

    def judge(self, logits: Array) -> JudgedLogits:
        """Status and noise ratio of one engine's logits, as any tap gets them."""
        if logits.shape != self.truth.shape:
            return JudgedLogits("shape", True, None)
        name = self.tap.name
        subject = Subject(
            phase=self.phase,
            tokens=self.tokens,
            graph=TapGraph((self.tap,)),
            reference={name: self.truth},
            candidate={name: logits},
            candidate_dtype=self.dtype,
            floors=[{name: floor} for floor in self.floors],
        )
        (row,) = compare(subject, self.limits)
        return JudgedLogits(row.status, row.fails(strict=self.limits.strict), row.noise)

    def distance(self, logits: Array, unprobed: Array) -> LogitsDistance | None:
        """How far `logits` are from those of the engine without taps; None where they can't be compared."""
        if logits.shape != unprobed.shape or unprobed.shape != self.truth.shape:
            return None
        side, base = self._rows(logits), self._rows(unprobed)
        if bad_elements(side).any() or bad_elements(base).any():
            return None
        found = squares(base, side)
        error, scale = float(found.error_squares.sum()), float(found.truth_squares.sum())
        return LogitsDistance(
            equal=error == 0,
            rel_l2=rel_l2(error, scale),
            noise=None if self._floor is None else noise_metrics(found, self._floor),
            flagged=self._is_flagged(side, base) if self._floor is None else None,
            cost=logit_cost(base.values[:, 0], side.values[:, 0], self._logit_noise(found)),
        )

    def _rows(self, array: Array) -> RealRows:
        return real_rows(array, self.tap, self.tokens)

    @cached_property
    def _floor(self) -> TokenFloor | None:
        truth = self._rows(self.truth)
        runs = [self._rows(floor) for floor in self.floors if floor.shape == self.truth.shape]
        usable = [squares(truth, run) for run in runs if not bad_elements(run).any()]
        return token_floor(usable, unit_roundoff=dtype_info(self.dtype).unit_roundoff) if usable else None

    def _is_flagged(self, side: RealRows, base: RealRows) -> bool:
        return is_flagged(error_metrics(differences(base, side)), self.limits.for_tap(self.tap.name))

    def _logit_noise(self, found: Squares) -> npt.NDArray[np.float64]:
        """Root mean square noise of a logit at each real token, ``[row]``; one rounding without a floor."""
        rounding = ROUNDING_REL_L2 * dtype_info(self.dtype).unit_roundoff * np.sqrt(found.truth_squares[:, 0])
        noise = rounding if self._floor is None else self._floor.error
        return np.asarray(noise / np.sqrt(self.truth.shape[-1]))
