"""Chunks that don't see what came before them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.attention_rows import AttentionRows, Bools
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.key_ranges import KeyRanges, key_ranges
from parity.diagnose.token_rows import Integers

__all__ = ["ATTENTION_CHUNKED"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Exact up to token n, then only what stands since n (or since the last multiple of n) is seen."""
    return attention_predictions(case, _guesses(key_ranges(case)))


def _guesses(ranges: KeyRanges) -> Iterator[Guess[Variation]]:
    sizes = range(1, int(ranges.own.max()) + 1)
    if not sizes:
        return
    for once, words in (
        (True, "tokens from {} on don't see those before"),
        (False, "each chunk of {} sees only itself"),
    ):
        costs = [ranges.total_from(_starts(ranges.own, size, once=once)) for size in sizes]
        size = sizes[int(np.argmin(costs))]
        yield Guess(f"attention is cut into chunks: {words.format(size)}", _chunked(size, once=once), 1)


def _starts(own: Integers, size: int, *, once: bool) -> Integers:
    return np.where(own >= size, size, 0) if once else own // size * size


def _chunked(size: int, *, once: bool) -> Variation:
    def mask(rows: AttentionRows) -> Bools:
        starts = _starts(rows.rows.ordinals, size, once=once)
        seen: Bools = rows.visible & (rows.key_ordinals >= starts[:, None])
        return seen

    return Variation(mask=mask)


ATTENTION_CHUNKED = Hypothesis("attention_chunked", ("softmax", "attention"), _predict, rank=2)
