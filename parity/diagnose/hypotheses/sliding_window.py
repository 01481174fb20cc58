"""A sliding window of another width, where there is none, or none where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.attention_rows import AttentionRows, Bools
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.key_ranges import KeyRanges, key_ranges

__all__ = ["SLIDING_WINDOW"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """A query sees itself and the W - 1 tokens before it; W is read off what queries lack."""
    assert case.tap.layer is not None
    window = case.settings.sliding_windows[case.tap.layer]
    return attention_predictions(case, _guesses(key_ranges(case), window))


def _guesses(ranges: KeyRanges, window: int | None) -> Iterator[Guess[Variation]]:
    longest = int(ranges.own.max()) + 1
    if window is not None:
        yield Guess(f"the sliding window of {window} is ignored: tokens see their whole past", _window(longest + 1))
    widths = [width for width in range(1, longest + 1) if width != window]
    costs = [ranges.total_from(np.maximum(ranges.own - width + 1, 0)) for width in widths]
    width = widths[int(np.argmin(costs))]
    words = "where the reference has none" if window is None else f"instead of {window}"
    if width == 1:
        yield Guess("each token sees only itself: the context is its own v", _window(1))
    else:
        yield Guess(f"a sliding window of {width} tokens {words}", _window(width), 1)


def _window(width: int) -> Variation:
    def mask(rows: AttentionRows) -> Bools:
        seen: Bools = rows.real_keys & (rows.distance >= 0) & (rows.distance < width)
        return seen

    return Variation(mask=mask)


SLIDING_WINDOW = Hypothesis("sliding_window", ("softmax", "attention"), _predict, rank=2)
