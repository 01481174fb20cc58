"""Output channels or heads in another order, for operations without weights to blame."""

from __future__ import annotations

from collections.abc import Iterable

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import CHANNEL_OPERATIONS, Hypothesis, Prediction
from parity.diagnose.output_order import output_order

__all__ = ["CHANNELS_PERMUTED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    order = output_order(case)
    if order is not None:
        flat = case.predicted.reshape(*case.predicted.shape[:2], -1)  # [batch, token, width]
        moved = flat[..., order.channels].reshape(case.output.shape)
        yield Prediction(f"the output channels are {order.name}", moved, order.fitted)


CHANNELS_PERMUTED = Hypothesis(
    "channels_permuted", tuple(op for op in CHANNEL_OPERATIONS if op != "linear"), _predict, rank=20
)
