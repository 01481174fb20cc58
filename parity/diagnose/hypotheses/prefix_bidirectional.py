"""A prompt whose first tokens see each other in both directions, as a prefix language model wants it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.attention_rows import AttentionRows, Bools
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.key_ranges import key_ranges

__all__ = ["PREFIX_BIDIRECTIONAL"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Token i sees the first n tokens and its past (Raffel et al. 2020, arXiv 1910.10683, figure 4)."""
    ranges = key_ranges(case)
    sizes = range(2, int(ranges.lengths.max()))
    if not sizes:
        return ()
    costs = [ranges.total_to(np.minimum(np.maximum(ranges.own, n - 1), ranges.lengths - 1)) for n in sizes]
    size = sizes[int(np.argmin(costs))]
    sentence = f"the first {size} tokens see each other in both directions: a prefix without causal mask"
    return attention_predictions(case, [Guess(sentence, Variation(mask=lambda rows: _mask(rows, size)), 1)])


def _mask(rows: AttentionRows, size: int) -> Bools:
    seen: Bools = rows.visible | (rows.real_keys & (rows.key_ordinals < size))
    return seen


PREFIX_BIDIRECTIONAL = Hypothesis("prefix_bidirectional", ("softmax", "attention"), _predict, rank=3)
