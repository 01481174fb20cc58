"""Which range of keys each query saw, from running sums over keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from parity.diagnose.attention_rows import AttentionRows, Bools
from parity.diagnose.attention_tap import attention_tap
from parity.diagnose.case import SourceCase
from parity.diagnose.remembered import remembered
from parity.diagnose.token_rows import Integers
from parity.replay.arrays import Floats

__all__ = ["KeyRanges", "costs_with_first_keys", "key_ranges"]

_CHANNELS = 8


@dataclass(frozen=True, eq=False)
class KeyRanges:
    """How far the candidate is from having seen a range of keys, for the sampled queries.

    A range's cost is Σ (candidate - output)² over heads and some channels; keys are counted among the real ones of
    the query's prompt, and a cost is infinite where the range is empty.

    Attributes:
        own: index of the query's own key, ``[row]``.
        lengths: number of real keys, ``[row]``.
        from_start: cost of seeing keys from this one to its own, ``[row, key]``.
        to_end: cost of seeing keys from where the reference starts to this one, ``[row, key]``.
        without: cost of seeing what the reference sees but for this key, ``[row, key]``.
        nothing: cost of seeing no key and putting out zero, ``[row]``.
    """

    own: Integers
    lengths: Integers
    from_start: Floats
    to_end: Floats
    without: Floats
    nothing: Floats

    def total_from(self, starts: Integers) -> float:
        """The cost of all queries that see from `starts` ``[row]`` to their own key."""
        return float(self.from_start[np.arange(self.own.size), starts].sum())

    def total_to(self, ends: Integers) -> float:
        """The cost of all queries that see up to `ends` ``[row]``, which is negative where they see nothing."""
        costs = self.to_end[np.arange(self.own.size), np.maximum(ends, 0)]
        return float(np.where((ends < 0) | ~np.isfinite(costs), self.nothing, costs).sum())


@remembered
def key_ranges(case: SourceCase) -> KeyRanges:
    """Running sums of e^score and e^score·v give every range's output at the price of a few."""
    sample = attention_tap(case).sample
    rows = sample.rows
    sums = _Sums(*_by_ordinal(rows, sample.output))
    own = rows.rows.ordinals
    ordinals = np.arange(rows.real.shape[1])
    first = np.array([np.flatnonzero(row)[0] for row in rows.visible]) - (rows.rows.places - own)
    seen = (ordinals >= first[:, None]) & (ordinals <= own[:, None])
    past, later = ordinals <= own[:, None], ordinals >= first[:, None]
    return KeyRanges(
        own=own,
        lengths=rows.rows.lengths,
        from_start=np.where(past, sums.backwards(past), np.inf),
        to_end=np.where(later & (ordinals < rows.rows.lengths[:, None]), sums.forwards(later), np.inf),
        nothing=np.square(sums.target).sum(axis=(1, 2)),
        without=np.where(seen & (own[:, None] > first[:, None]), sums.without(seen), np.inf),
    )


def costs_with_first_keys(case: SourceCase, counts: Iterable[int]) -> Iterator[tuple[int, Integers, Floats]]:
    """For each count n: n, the queries' own keys ``[row]``, and the cost of seeing keys from each to its own.

    The first n keys are seen beside them; costs are as in `KeyRanges`, ``[row, key]``.
    """
    sample = attention_tap(case).sample
    rows, own = sample.rows, sample.rows.rows.ordinals
    sums = _Sums(*_by_ordinal(rows, sample.output))
    past = np.arange(rows.real.shape[1]) <= own[:, None]
    for count in counts:
        yield count, own, np.where(past, sums.with_first(past, count), np.inf)


@dataclass(frozen=True, eq=False)
class _Sums:
    """e^score ``[row, head, key]``, values times it ``[row, head, key, channel]``, outputs ``[row, head, channel]``."""

    weights: Floats
    weighted: Floats
    target: Floats

    def forwards(self, allowed: Bools) -> Floats:
        """The cost of seeing all allowed keys up to each, ``[row, key]``."""
        total = np.cumsum(self.weights * allowed[:, None], axis=2)
        return self._cost(total, np.cumsum(self.weighted * allowed[:, None, :, None], axis=2))

    def backwards(self, allowed: Bools) -> Floats:
        """The cost of seeing all allowed keys from each on, ``[row, key]``."""
        total = _backwards(self.weights * allowed[:, None])
        return self._cost(total, _backwards(self.weighted * allowed[:, None, :, None]))

    def with_first(self, allowed: Bools, count: int) -> Floats:
        """The cost of seeing the first `count` allowed keys, and all from each on, ``[row, key]``."""
        weights, weighted = self.weights * allowed[:, None], self.weighted * allowed[:, None, :, None]
        total = weights[:, :, :count].sum(axis=2, keepdims=True)
        summed = weighted[:, :, :count].sum(axis=2, keepdims=True)
        weights[:, :, :count], weighted[:, :, :count] = 0, 0
        return self._cost(total + _backwards(weights), summed + _backwards(weighted))

    def without(self, allowed: Bools) -> Floats:
        """The cost of seeing all allowed keys but one, ``[row, key]``."""
        weights, weighted = self.weights * allowed[:, None], self.weighted * allowed[:, None, :, None]
        total = weights.sum(axis=2, keepdims=True) - weights
        return self._cost(total, weighted.sum(axis=2, keepdims=True) - weighted)

    def _cost(self, total: Floats, summed: Floats) -> Floats:
        output = summed / np.maximum(total, 1e-300)[..., None]
        cost: Floats = np.square(output - self.target[:, :, None]).sum(axis=(1, 3))
        return cost


def _backwards(x: Floats) -> Floats:
    """Sums over keys from each on; keys are axis 2."""
    found: Floats = np.cumsum(x[:, :, ::-1], axis=2)[:, :, ::-1]
    return found


def _by_ordinal(rows: AttentionRows, target: Floats) -> tuple[Floats, Floats, Floats]:
    """The arrays of `_Sums`, with keys counted among the real ones of each prompt."""
    scores = np.where(rows.real_keys[:, None], rows.scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))  # [row, head, key]
    values, target = _values(rows, target)
    order = np.argsort(~rows.real_keys, axis=1, kind="stable")  # real keys first, in order
    weights = np.take_along_axis(weights, order[:, None], axis=2)
    values = np.take_along_axis(values, order[:, None, :, None], axis=2)
    return weights, weights[..., None] * values, target


def _values(rows: AttentionRows, target: Floats) -> tuple[Floats, Floats]:
    """Some channels of the values ``[row, head, key, channel]`` and of the output ``[row, head, channel]``.

    Probabilities have a channel for each key; some random sums of them stand for all.
    """
    if rows.captured is not None:
        signs = np.random.default_rng(0).choice([-1.0, 1.0], (target.shape[-1], _CHANNELS))  # [key, channel]
        kept = np.where(rows.real_keys[:, None], target, 0.0)
        return np.broadcast_to(signs, (*target.shape, _CHANNELS)), kept @ signs
    values = rows.values[..., :_CHANNELS].transpose(0, 2, 1, 3)  # [prompt, kv_head, key, channel]
    shared = np.repeat(values, rows.heads // values.shape[1], axis=1)
    return shared[rows.rows.prompts], target[..., :_CHANNELS]
