"""A weight that is applied twice, divided by, or raised to another power."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.factors import likely_factors
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.norm_parts import effective_weight, norm_weight, normalised

__all__ = ["NORM_WEIGHT_POWER"]

_NAMES = {2.0: "the weight is applied twice", -1.0: "divided by the weight", 3.0: "the weight is applied three times"}


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """With w' = wᵖ, log w' is p·log w."""
    weight, used = norm_weight(case), effective_weight(case)
    usable = (weight > 0) & (used > 0)
    logs = np.log(weight[usable])
    if not usable.any() or not (logs * logs).sum() > 0:
        return
    solved = float((logs * np.log(used[usable])).sum() / (logs * logs).sum())
    for power in likely_factors(solved):
        if abs(power) > 0.02 and power != 1 and (weight > 0).all():
            sentence = _NAMES.get(power, f"the weight is raised to the power {power:.3g}")
            yield Prediction(sentence, normalised(case) * weight**power, int(power == solved))


NORM_WEIGHT_POWER = Hypothesis("norm_weight_power", ("rms_norm",), _predict, rank=3)
