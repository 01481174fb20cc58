"""Keys that are seen only every so often: dilated attention, or a slot of each page of the cache that is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from parity.diagnose.attention_rows import AttentionRows, Bools
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.key_ranges import KeyRanges, key_ranges
from parity.diagnose.token_rows import Integers
from parity.replay.arrays import Floats

__all__ = ["KEYS_STRIDED"]

_STRIDES = range(2, 9)
_PAGES = (2, 4, 8, 16, 32, 64, 128, 256)
_LEAST_PAGES = 2


def _predict(case: SourceCase) -> Iterable[Prediction]:
    return attention_predictions(case, _guesses(key_ranges(case)))


def _guesses(ranges: KeyRanges) -> Iterator[Guess[Variation]]:
    for stride in _STRIDES:
        sentence = f"tokens see only every {_ordinal(stride)} key before them: attention is dilated by {stride}"
        yield Guess(sentence, Variation(mask=_dilated(stride)), 1)
    for page, slot in _worst_slots(ranges):
        sentence = f"key {slot} of every {page} is not seen by later tokens: a slot of each page of the cache is lost"
        yield Guess(sentence, Variation(mask=_without_slot(page, slot)), 2)


def _worst_slots(ranges: KeyRanges) -> Iterator[tuple[int, int]]:
    """For each size of page, the slot whose keys the candidate seems to lack most."""
    full = np.take_along_axis(ranges.from_start, np.zeros((ranges.own.size, 1), dtype=np.int64), axis=1)
    gain: Floats = np.where(np.isfinite(ranges.without), full - ranges.without, 0.0).sum(axis=0)  # [key]
    for page in _PAGES:
        if page * _LEAST_PAGES <= int(ranges.lengths.max()):
            slots: Integers = np.arange(gain.size) % page
            yield page, int(np.bincount(slots, gain, page).argmax())


def _dilated(stride: int) -> Callable[[AttentionRows], Bools]:
    def mask(rows: AttentionRows) -> Bools:
        seen: Bools = rows.visible & (rows.distance % stride == 0)
        return seen

    return mask


def _without_slot(page: int, slot: int) -> Callable[[AttentionRows], Bools]:
    def mask(rows: AttentionRows) -> Bools:
        seen: Bools = rows.visible & ((rows.key_ordinals % page != slot) | (rows.distance == 0))
        return seen

    return mask


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")


KEYS_STRIDED = Hypothesis("keys_strided", ("softmax", "attention"), _predict, rank=3)
