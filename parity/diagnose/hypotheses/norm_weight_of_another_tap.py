"""The weight of another norm: input and post norm exchanged, q_norm and k_norm, another layer's, the final one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.norm_parts import effective_weight, normalised
from parity.replay.arrays import widened

__all__ = ["NORM_WEIGHT_OF_ANOTHER_TAP"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Of all weights of this length, the one nearest to the weight the candidate used."""
    used, best = effective_weight(case), None
    for tap in case.graph:
        if tap.op == "rms_norm" and tap.name != case.tap.name:
            weight = case.reference.weights.parameters(tap.name).weight
            if weight is not None and weight.size == used.size:
                distance = float(np.square(used - widened(weight)).sum())
                if best is None or distance < best[0]:
                    best = distance, tap.name, widened(weight)
    if best is not None:
        yield Prediction(f"the weight is that of {best[1]}", normalised(case) * best[2], fitted=1)


NORM_WEIGHT_OF_ANOTHER_TAP = Hypothesis("norm_weight_of_another_tap", ("rms_norm",), _predict, rank=2)
