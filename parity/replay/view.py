"""One tap at real tokens, replayed on any side."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from parity.dtypes import DtypeInfo
from parity.metrics import RealRows, real_rows, squares
from parity.replay.arrays import Floats
from parity.replay.predict import Captured, predict_rows
from parity.replay.replay import Reference, sensitivity_rows
from parity.taps import Tap, TapGraph

__all__ = ["View"]


@dataclass(frozen=True, eq=False)
class View:
    """One tap at real tokens, replayed on every side from the taps that the candidate has captured.

    Were a side replayed from nearer taps, its noise would be that of fewer operations.
    """

    reference: Reference
    graph: TapGraph
    tap: Tap
    start: tuple[str, ...]

    def predict(self, side: Captured) -> RealRows:
        """f(x_side)."""
        known = {name: side[name] for name in self.start if name in side}
        return predict_rows(self.reference, self.graph, self.tap, known)

    def captured(self, side: Captured) -> RealRows:
        """y_side."""
        return real_rows(side[self.tap.name], self.tap, self.reference.tokens)

    def as_stored(self, side: Captured, dtype: DtypeInfo) -> Captured:
        """x_side as `dtype` can store it.

        An engine may hand its unrounded value to the next operation and round only the copy that it gives out, so
        inputs are known no better than this.
        """
        with np.errstate(over="ignore"):
            return {name: side[name].astype(dtype.numpy) for name in self.start if name in side}

    def sensitivity(self, side: Captured) -> Floats | None:
        """See `parity.replay.replay.sensitivity_rows`; None as well where the tap's own inputs were not captured."""
        own = set(self.start) == set(self.tap.inputs) and set(self.start) <= set(side)
        if not own or "key" in self.tap.axes:
            return None
        mask = self.reference.tokens.mask
        return sensitivity_rows(self.reference, self.tap, [side[name][mask] for name in self.tap.inputs])

    def incoming(self, truth: Captured, side: Captured) -> float:
        """‖x_side - x_truth‖ over all captured inputs at real tokens."""
        total = 0.0
        for name in self.start:
            if name in truth and name in side:
                pair = (real_rows(array[name], self.graph[name], self.reference.tokens) for array in (truth, side))
                total += float(squares(*pair).error_squares.sum())
        return math.sqrt(total)
