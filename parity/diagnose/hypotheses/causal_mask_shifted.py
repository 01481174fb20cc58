"""A causal mask that is off by some keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.attention_rows import AttentionRows, Bools
from parity.diagnose.attention_variation import Variation, attention_predictions
from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.key_ranges import KeyRanges, key_ranges
from parity.replay.arrays import Floats

__all__ = ["CAUSAL_MASK_SHIFTED"]

_BEHIND = 8


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Token i sees keys up to i + k: k = 1 sees the next token, k = -1 misses itself."""
    return attention_predictions(case, _guesses(key_ranges(case)))


def _guesses(ranges: KeyRanges) -> Iterator[Guess[Variation]]:
    shifts = [shift for shift in range(-_BEHIND, int(ranges.lengths.max())) if shift != 0]
    if not shifts:
        return
    costs = [ranges.total_to(np.minimum(ranges.own + shift, ranges.lengths - 1)) for shift in shifts]
    shift = shifts[int(np.argmin(costs))]
    if shift > 0:
        words = "the next token" if shift == 1 else f"the {shift} tokens that follow"
        yield Guess(f"the causal mask is off by {shift}: tokens see {words}", _shifted(shift), int(shift > 1))
        return
    words = "don't see themselves" if shift == -1 else f"see neither themselves nor the {-shift - 1} before"
    sentence = f"the causal mask is off by {-shift}: tokens {words}"
    fitted = int(shift < -1)
    yield Guess(f"{sentence}; those left with nothing put out zero", _shifted(shift), fitted)
    for everything, taken in ((False, "the mean over their prompt"), (True, "the mean over the batch row")):
        variation = _shifted_with_mean(shift, everything=everything)
        yield Guess(f"{sentence}; those left with nothing take {taken}", variation, fitted)


def _shifted(shift: int) -> Variation:
    return Variation(mask=lambda rows: _mask(rows, shift))


def _shifted_with_mean(shift: int, *, everything: bool) -> Variation:
    """A large finite mask value leaves the masked keys of an empty row equally likely."""

    def scores(rows: AttentionRows) -> Floats:
        sees: Bools = np.any(_mask(rows, shift), axis=1, keepdims=True)  # [row, 1]
        return np.where(sees[:, None], rows.scores, 0.0)

    def mask(rows: AttentionRows) -> Bools:
        seen = _mask(rows, shift)
        allowed = np.ones_like(seen) if everything else rows.real_keys
        found: Bools = np.where(seen.any(axis=1, keepdims=True), seen, allowed)
        return found

    return Variation(scores=scores, mask=mask)


def _mask(rows: AttentionRows, shift: int) -> Bools:
    """Later keys join what the reference shows; the nearest ones go."""
    if shift > 0:
        more: Bools = rows.visible | (rows.real_keys & (rows.distance < 0) & (rows.distance >= -shift))
        return more
    fewer: Bools = rows.visible & (rows.distance >= -shift)
    return fewer


CAUSAL_MASK_SHIFTED = Hypothesis("causal_mask_shifted", ("softmax", "attention"), _predict, rank=1)
