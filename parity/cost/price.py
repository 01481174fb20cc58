"""What a source costs: the reference continued with its output, or with its own error alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.cost.continuation import continue_from
from parity.cost.logits import logit_cost
from parity.diagnosis import LogitCost, TapCost
from parity.dtypes import ROUNDING_REL_L2
from parity.metrics import RealRows, real_rows, squares
from parity.replay.arrays import Floats, widened
from parity.replay.local import Sides
from parity.replay.predict import Captured, predict_rows
from parity.replay.replay import Reference
from parity.taps import Tap, TapGraph
from parity.tokens import TokenBatch

__all__ = ["Prices"]


def _twice(tokens: TokenBatch) -> TokenBatch:
    ids, mask, positions = (np.concatenate([part, part]) for part in (tokens.ids, tokens.mask, tokens.positions))
    return TokenBatch(ids, mask, positions)


class _Twice(Mapping[str, "npt.NDArray[Any]"]):
    """Captured arrays with every prompt twice: two continuations at once read each weight once."""

    def __init__(self, arrays: Captured) -> None:
        self._arrays = arrays

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return np.concatenate([self._arrays[name]] * 2)

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


@dataclass(frozen=True, eq=False)
class Prices:
    """Costs in one phase.

    Attributes:
        reference: weights and tokens.
        graph: all taps.
        sides: everything captured; what was not is recomputed.
    """

    reference: Reference
    graph: TapGraph
    sides: Sides

    def of_tap(self, tap: Tap, predicted: Floats) -> TapCost:
        """The cost of `tap`, which is captured on both sides and finite.

        Args:
            tap: the tap.
            predicted: the reference's operation on the candidate's inputs, axes of the tap.
        """
        truth, candidate = widened(self.sides.truth[tap.name]), widened(self.sides.candidate[tap.name])
        both = np.concatenate([candidate, truth + (candidate - predicted)])
        twice = Reference(self.reference.weights, _twice(self.reference.tokens))
        logits = continue_from(twice, self.graph, _Twice(self.sides.truth), {tap.name: both})
        activation, local_error = np.split(logits, 2)
        return TapCost(activation=self._cost(activation), local_error=self._cost(local_error))

    @property
    def whole(self) -> LogitCost:
        """The cost of everything together: the candidate's own logits, which it has captured and which are finite."""
        return self._cost(self.sides.candidate["logits"])

    def _cost(self, logits: np.ndarray) -> LogitCost:
        changed = real_rows(logits, self.graph["logits"], self.reference.tokens)
        return logit_cost(self._truth.values[:, 0], changed.values[:, 0], self._noise)

    @cached_property
    def _truth(self) -> RealRows:
        return self._logits(self.sides.truth)

    @cached_property
    def _noise(self) -> Floats:
        """Root mean square noise of a logit at each real token: the floor run's, at least one rounding."""
        other = self._truth if self.sides.floor is None else self._logits(self.sides.floor)
        found = squares(self._truth, other)
        rounding = ROUNDING_REL_L2 * self.sides.dtype.unit_roundoff * np.sqrt(found.truth_squares[:, 0])
        errors = np.where(np.isfinite(found.error_squares[:, 0]), found.error_squares[:, 0], 0.0)
        noise: Floats = np.maximum(np.sqrt(errors), rounding) / np.sqrt(self._truth.values.shape[-1])
        return noise

    def _logits(self, side: Captured) -> RealRows:
        tap = self.graph["logits"]
        if tap.name in side:
            return real_rows(side[tap.name], tap, self.reference.tokens)
        return predict_rows(self.reference, self.graph, tap, side)
