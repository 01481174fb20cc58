"""A norm's weight whose entries stand at other channels."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.norm_parts import effective_weight, norm_weight, normalised
from parity.diagnose.vector_order import vector_order

__all__ = ["NORM_WEIGHT_PERMUTED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    weight = norm_weight(case)
    order = vector_order(effective_weight(case), weight, heads=1, head_dim=weight.size)
    yield Prediction(
        f"the entries of the weight are {order.name}", normalised(case) * weight[order.channels], order.fitted
    )


NORM_WEIGHT_PERMUTED = Hypothesis("norm_weight_permuted", ("rms_norm",), _predict, rank=4)
