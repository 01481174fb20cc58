"""Attention in both directions within blocks."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.attention_rows import AttentionRows, Bools
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.key_ranges import key_ranges

__all__ = ["CAUSAL_MASK_BLOCKWISE"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Tiles of n keys are masked as a whole: token i sees up to the end of its block of n."""
    ranges = key_ranges(case)
    sizes = range(2, int(ranges.lengths.max()))
    if not sizes:
        return ()
    costs = [ranges.total_to(np.minimum((ranges.own // n + 1) * n, ranges.lengths) - 1) for n in sizes]
    size = sizes[int(np.argmin(costs))]
    sentence = f"the causal mask works on blocks of {size}: tokens see all of their own block"
    return attention_predictions(case, [Guess(sentence, Variation(mask=lambda rows: _mask(rows, size)), 1)])


def _mask(rows: AttentionRows, size: int) -> Bools:
    ends = (rows.rows.ordinals // size + 1) * size
    seen: Bools = rows.visible | (rows.real_keys & (rows.distance < 0) & (rows.key_ordinals < ends[:, None]))
    return seen


CAUSAL_MASK_BLOCKWISE = Hypothesis("causal_mask_blockwise", ("softmax", "attention"), _predict, rank=3)
