"""RoPE whose pairs turn with the frequency of other pairs, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.fitting import Guess
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.rotation import Rotation, Turning, rotary_predictions, rotation_of, turning
from parity.diagnose.token_rows import Integers

__all__ = ["ROTARY_SECTIONS"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Sections of multimodal RoPE in another order, or whose positions are missing, as bands of pairs."""
    return rotary_predictions(case, _guesses(rotation_of(case)))


def _guesses(rotation: Rotation) -> Iterator[Guess[Turning]]:
    if rotation.fit.distinct_positions == 0:
        return
    source = _assigned(rotation)
    moved = np.flatnonzero(source != np.arange(source.size))
    if moved.size == 0 or moved.size == source.size:
        return
    frequencies = np.append(rotation.frequencies, 0.0)[source]
    bands = _bands(source, moved)
    words = "; ".join(
        f"pairs {low} to {high} {'are not rotated' if to < 0 else f'turn as pairs from {to} on should'}"
        for low, high, to in bands[:4]
    )
    sentence = f"sections of RoPE are mixed up: {words}{' …' if len(bands) > 4 else ''}"
    yield Guess(sentence, turning(frequencies, scale=rotation.scale), min(2 * len(bands), int(moved.size)))


def _assigned(rotation: Rotation) -> Integers:
    """Which pair's frequency each pair has, ``[pair]``; -1 for none. Its own where that fits as well."""
    fit, own = rotation.fit, rotation.frequencies
    pool = np.append(own, 0.0)
    cost = fit.information[:, None] * (fit.values[:, None] - pool) ** 2  # [pair, source]
    best = cost.argmin(axis=1)
    mine = np.arange(own.size)
    noise = np.median(cost[mine, best]) * 16
    best = np.where(cost[mine, mine] <= cost[mine, best] + noise, mine, best)
    return np.where(best == own.size, -1, best)


def _bands(source: Integers, moved: Integers) -> list[tuple[int, int, int]]:
    """Runs of moved pairs whose sources run alike: first pair, last pair, source of the first."""
    bands: list[tuple[int, int, int]] = []
    for pair in moved:
        to = int(source[pair])
        if bands and bands[-1][1] == pair - 1:
            low, _, first = bands[-1]
            if (to < 0 and first < 0) or (to >= 0 and first >= 0 and to - first == pair - low):
                bands[-1] = (low, int(pair), first)
                continue
        bands.append((int(pair), int(pair), to))
    return bands


ROTARY_SECTIONS = Hypothesis("rotary_sections", ("rotary",), _predict, rank=5)
