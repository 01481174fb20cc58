"""Whole heads of the output in another order, or cut out of another layout."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.attention_tap import AttentionTap, attention_tap
from parity.diagnose.attention_variation import ATTENTION_OPERATIONS, whole_prediction
from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.token_rows import Integers
from parity.replay.arrays import Floats

__all__ = ["HEADS_PERMUTED"]

_SHOWN = 4


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Output head h is the reference's head π(h); or [head, token, channel] was read as [token, head, channel]."""
    tap = attention_tap(case)
    order = _solved_order(tap)
    moved = np.flatnonzero(order != np.arange(order.size))
    if moved.size and np.unique(order).size == order.size:
        yield whole_prediction(case, *_named(order, case.settings.shape.kv_heads, tap.predicted))
    if case.tap.op == "attention":
        heads_first = case.predicted.transpose(0, 2, 1, 3).reshape(case.predicted.shape)
        yield Prediction(
            "heads are not moved behind tokens: [head, token, channel] is read as [token, head, channel]", heads_first
        )
        channels_first = case.predicted.swapaxes(2, 3).reshape(case.predicted.shape)
        yield Prediction("channels stand before heads: [channel, head] is read as [head, channel]", channels_first)


def _solved_order(tap: AttentionTap) -> Integers:
    """The head of the reference that each output head is most like, ``[head]``."""
    sample = tap.sample
    seen = True if sample.judged is None else sample.judged
    output, predicted = np.where(seen, sample.output, 0.0), np.where(seen, sample.predicted, 0.0)
    squares = np.einsum("rhc,rhc->h", predicted, predicted)
    products = np.einsum("rhc,rgc->hg", output, predicted, optimize=True)
    order: Integers = (squares[None] - 2 * products).argmin(axis=1)  # ‖output - predicted‖² but for ‖output‖²
    return order


def _named(order: Integers, kv_heads: int, predicted: Floats) -> tuple[str, Floats, int]:
    heads, own = order.size, np.arange(order.size)
    known = {
        "in reverse": own[::-1],
        "group by group instead of key head by key head": own.reshape(kv_heads, -1).T.ravel(),
        "key head by key head instead of group by group": own.reshape(-1, kv_heads).T.ravel(),
    }
    for words, usual in known.items():
        if (order == usual).all():
            return f"heads are put out {words}", predicted[:, order], 0
    moved = np.flatnonzero(order != own)
    shift = int(order[0])
    if (order == (own + shift) % heads).all():
        return f"heads are shifted by {shift}", predicted[:, order], 1
    listed = ", ".join(f"{head} is {order[head]}" for head in moved[:_SHOWN])
    return (
        f"heads are permuted: output head {listed}{' …' if moved.size > _SHOWN else ''}",
        predicted[:, order],
        int(moved.size),
    )


HEADS_PERMUTED = Hypothesis("heads_permuted", ATTENTION_OPERATIONS, _predict, rank=3)
