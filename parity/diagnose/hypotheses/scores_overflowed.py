"""Scores that become infinite: a row with one of them turns into NaN, for the softmax takes infinity from infinity."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from parity.diagnose.attention_rows import Bools
from parity.diagnose.attention_tap import AttentionTap, attention_tap
from parity.diagnose.attention_variation import whole_prediction
from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats

__all__ = ["SCORES_OVERFLOWED"]

_LARGEST = 65504.0


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The rows that hold NaN are those whose largest q·k, unscaled, is beyond a limit, which is solved for."""
    tap = attention_tap(case)
    bad = np.logical_not(np.isfinite(tap.output).all(axis=-1))  # [row, head]
    largest = _largest_scores(tap) / case.settings.attention_scale
    if not (np.any(bad) and np.isfinite(largest[bad]).all()):
        return
    limit = _limit(largest, bad)
    output = np.where((largest > limit)[..., None], np.nan, tap.predicted)
    words = "fp16's largest number" if limit <= _LARGEST < largest[bad].min() else "as fp16 does after a factor"
    sentence = (
        f"q·k overflows beyond {limit:.4g}, {words}: {int(np.sum(bad))} of {np.size(bad)} rows of the softmax hold an "
        "infinity and become NaN"
    )
    yield whole_prediction(case, sentence, output, 1)


def _largest_scores(tap: AttentionTap) -> Floats:
    """The largest scaled score that each query may see, ``[row, head]``."""
    found = np.empty(tap.output.shape[:2])
    for chosen, rows in tap.blocks():
        found[chosen] = np.where(rows.visible[:, None], rows.scores, -np.inf).max(axis=-1)
    return found


def _limit(largest: Floats, bad: Bools) -> float:
    """The limit that parts bad rows from good ones with the fewest mistakes."""
    order = np.argsort(largest, axis=None)
    values, is_bad = largest.ravel()[order], bad.ravel()[order]
    # Everything behind a place is called bad: mistakes are bad rows up to it and good ones behind it.
    mistakes = np.concatenate([[0], np.cumsum(is_bad)]) + np.concatenate([np.cumsum(~is_bad[::-1])[::-1], [0]])
    place = int(mistakes.argmin())
    return float(values[place - 1]) if place else float(np.nextafter(values[0], -np.inf))


SCORES_OVERFLOWED = Hypothesis("scores_overflowed", ("softmax", "attention"), _predict, rank=1, about_non_finite=True)
