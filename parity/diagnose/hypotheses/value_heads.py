"""Keys of the right head, values of another, or the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.attention_tap import AttentionTap, attention_tap
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.head_assignment import assigned, best_heads, head_words, named_assignments, reference_assignment
from parity.diagnose.hypothesis import Hypothesis, Prediction

__all__ = ["VALUE_HEADS"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The heads of v alone, or of k alone, are in another order."""
    return attention_predictions(case, _guesses(attention_tap(case), case.settings.shape.kv_heads))


def _guesses(tap: AttentionTap, kv_heads: int) -> Iterator[Guess[Variation]]:
    heads = tap.everything.heads
    expected = reference_assignment(heads, kv_heads)
    for what, keys in (("key", True), ("value", False)):
        found = best_heads(tap, kv_heads, keys=keys, values=not keys)
        if (found == expected).all():
            continue
        for words, other in named_assignments(heads, kv_heads):
            if (other == found).all():
                yield Guess(f"{what} heads alone are assigned {words}", _of(other, keys=keys))
        moved = int(np.count_nonzero(found != expected))
        yield Guess(head_words(found, expected, f"{what} head"), _of(found, keys=keys), moved)


def _of(assignment: np.ndarray, *, keys: bool) -> Variation:
    return assigned(assignment, None) if keys else assigned(None, assignment)


VALUE_HEADS = Hypothesis("value_heads", ("attention",), _predict, rank=3)
