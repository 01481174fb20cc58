"""One key that no query sees: the first token, or a hole in the cache."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.attention_rows import AttentionRows, Bools
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.key_ranges import key_ranges

__all__ = ["KEY_UNSEEN"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Key j of every prompt is hidden; a query that sees nothing else keeps it, or puts out zero."""
    ranges = key_ranges(case)
    affected = np.isfinite(ranges.without).any(axis=0)  # [key]
    if not affected.any():
        return ()
    full = ranges.from_start[:, 0]
    gain = np.where(np.isfinite(ranges.without), full[:, None] - ranges.without, 0.0).sum(axis=0)  # [key]
    key = int(gain.argmax())
    sentence = "the first token is never seen" if key == 0 else f"token {key} is never seen"
    guesses = [
        Guess(f"{sentence} by later ones", Variation(mask=lambda rows: _mask(rows, key, keeps=True)), int(key > 0)),
        Guess(
            f"{sentence}, not even by itself", Variation(mask=lambda rows: _mask(rows, key, keeps=False)), int(key > 0)
        ),
    ]
    return attention_predictions(case, guesses)


def _mask(rows: AttentionRows, key: int, *, keeps: bool) -> Bools:
    hidden = rows.key_ordinals == key
    if keeps:
        hidden = hidden & (rows.rows.ordinals[:, None] != key)
    seen: Bools = rows.visible & ~hidden
    return seen


KEY_UNSEEN = Hypothesis("key_unseen", ("softmax", "attention"), _predict, rank=3)
