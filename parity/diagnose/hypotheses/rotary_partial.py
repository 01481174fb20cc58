"""RoPE on some of the channels only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.frequencies import plain_base, plain_frequencies
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.pair_layout import PairLayout, halves, interleaved
from parity.diagnose.rotation import (
    Rotation,
    RowOperation,
    Turning,
    rotary_predictions,
    rotary_row_predictions,
    rotation_of,
    turning,
)
from parity.diagnose.token_rows import TokenRows
from parity.replay.arrays import Floats

__all__ = ["ROTARY_PARTIAL"]

_UNCHANGED = 4.0


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """The first or last r channels are rotated as a smaller head would be, or only the first pairs are."""
    rotation = rotation_of(case)
    yield from rotary_predictions(case, _first_pairs(rotation))
    yield from rotary_row_predictions(case, _smaller_heads(rotation, _still_channels(case)))


def _first_pairs(rotation: Rotation) -> Iterator[Guess[Turning]]:
    """Pairs (i, i + d/2) from some i on are left alone."""
    for kept in range(1, rotation.pairs):
        frequencies = np.where(np.arange(rotation.pairs) < kept, rotation.frequencies, 0.0)
        sentence = f"only the first {kept} of {rotation.pairs} pairs of channels are rotated"
        yield Guess(sentence, turning(frequencies, scale=rotation.scale), 1)


def _smaller_heads(rotation: Rotation, still: int) -> Iterator[Guess[RowOperation]]:
    base = plain_base(rotation.frequencies)
    if not np.isfinite(base):
        return
    for size in range(rotation.channels - 2, 1, -2):
        if size < rotation.channels - still:
            return
        own = plain_frequencies(base, size // 2)
        for place, at in (("first", 0), ("last", rotation.channels - size)):
            words = f"only the {place} {size} of {rotation.channels} channels are rotated"
            yield Guess(words, _rotating(rotation, halves(size), own, at), 1)
            taken = f"{words}, with the frequencies of a whole head"
            yield Guess(taken, _rotating(rotation, halves(size), rotation.frequencies[: size // 2], at), 1)
            yield Guess(f"{words}, in neighbouring pairs", _rotating(rotation, interleaved(), own, at), 1)


def _still_channels(case: SourceCase) -> int:
    """How many channels of a head come out as they went in."""
    before, after, _ = rotation_of(case).few()
    change, size = ((after - before) ** 2).sum(axis=(0, 1)), (before**2).sum(axis=(0, 1))
    return int((change <= (_UNCHANGED * case.dtype.unit_roundoff) ** 2 * size).sum())


def _rotating(rotation: Rotation, layout: PairLayout, frequencies: Floats, at: int) -> RowOperation:
    """Rotate the channels from `at` on, as many as `layout` has."""
    part = slice(at, at + 2 * frequencies.size)

    def operation(x: Floats, rows: TokenRows) -> Floats:
        output: Floats = x.copy()
        factors = turning(frequencies, scale=rotation.scale).factors(rows)[:, None, :]  # [row, 1, pair]
        output[..., part] = layout.channels(factors * layout.pairs(x[..., part]))
        return output

    return operation


ROTARY_PARTIAL = Hypothesis("rotary_partial", ("rotary",), _predict, rank=2)
