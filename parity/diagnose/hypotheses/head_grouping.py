"""Query heads that read another key and value head than they should."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.attention_tap import AttentionTap, attention_tap
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.head_assignment import assigned, best_heads, head_words, named_assignments, reference_assignment
from parity.diagnose.hypothesis import Hypothesis, Prediction

__all__ = ["HEAD_GROUPING"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Grouped queries in another order: tiled keys instead of repeated ones, another group size, or solved for."""
    kv_heads = case.settings.shape.kv_heads
    return attention_predictions(case, _guesses(attention_tap(case), kv_heads))


def _guesses(tap: AttentionTap, kv_heads: int) -> Iterator[Guess[Variation]]:
    heads = tap.everything.heads
    expected = reference_assignment(heads, kv_heads)
    found = best_heads(tap, kv_heads, keys=True, values=True)
    if (found == expected).all():
        return
    for words, assignment in named_assignments(heads, kv_heads):
        if (assignment == found).all():
            yield Guess(f"query heads are assigned to key heads {words}", assigned(assignment, assignment))
    moved = int(np.count_nonzero(found != expected))
    yield Guess(head_words(found, expected, "key and value head"), assigned(found, found), moved)


HEAD_GROUPING = Hypothesis("head_grouping", ("scores", "attention"), _predict, rank=2)
