"""A sliding window that keeps the first tokens in sight: StreamingLLM (Xiao et al. 2023, arXiv 2309.17453)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.attention_rows import AttentionRows, Bools
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.key_ranges import costs_with_first_keys
from parity.diagnose.token_rows import Integers
from parity.replay.arrays import Floats

__all__ = ["SLIDING_WINDOW_SINKS"]

_FIRST = (1, 2, 3, 4, 5, 6, 8, 16, 32, 64, 128)


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """A query sees the first n tokens, and itself with the W - 1 tokens before it; both numbers are solved for."""
    best = min((_best_width(first, own, costs) for first, own, costs in costs_with_first_keys(case, _FIRST)))
    _, width, first = best
    tokens = f"the first {first} tokens stay" if first > 1 else "the first token stays"
    sentence = f"a sliding window of {width} tokens, beside which {tokens} visible"
    return attention_predictions(case, [Guess(sentence, Variation(mask=lambda rows: _mask(rows, width, first)), 2)])


def _best_width(first: int, own: Integers, costs: Floats) -> tuple[float, int, int]:
    widths = np.arange(1, int(own.max()) + 2)
    starts = np.maximum(own[:, None] - widths + 1, 0)  # [row, width]
    totals = np.take_along_axis(costs, starts, axis=1).sum(axis=0)
    place = int(np.argmin(totals))
    return float(totals[place]), int(widths[place]), first


def _mask(rows: AttentionRows, width: int, first: int) -> Bools:
    seen: Bools = rows.visible & ((rows.distance < width) | (rows.key_ordinals < first))
    return seen


SLIDING_WINDOW_SINKS = Hypothesis("sliding_window_sinks", ("softmax", "attention"), _predict, rank=3)
