"""Some queries of an attention layer, with everything that their output is computed from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from parity.diagnose.token_rows import Integers, TokenRows
from parity.replay.arrays import Floats
from parity.replay.ops import probabilities

__all__ = ["AttentionRows", "Bools"]

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class AttentionRows:
    """Some queries, prompt after prompt, and the keys and values of all prompts.

    Attributes:
        rows: the tokens whose queries these are.
        queries: ``[row, head, channel]``.
        keys, values: ``[prompt, key, kv_head, channel]``; zero where they are not finite.
        real: False at padding, ``[prompt, key]``.
        visible: which keys the reference lets a query see, ``[row, key]``.
        scale: the reference's factor on the scores.
        captured: the scores where they are an input and not computed here, ``[row, head, key]``; else None.
        granted: scores in place of the reference's, made from rows that have those; None for none.
    """

    rows: TokenRows
    queries: Floats
    keys: Floats
    values: Floats
    real: Bools
    visible: Bools
    scale: float
    captured: Floats | None = None
    granted: Callable[[AttentionRows], Floats] | None = None

    @property
    def heads(self) -> int:
        """Number of query heads."""
        return int(self.queries.shape[1])

    @property
    def distance(self) -> Integers:
        """How many places a key stands before the query, ``[row, key]``; negative after it."""
        return self.rows.places[:, None] - np.arange(self.real.shape[1])

    @property
    def real_keys(self) -> Bools:
        """False at keys that are padding of the query's prompt, ``[row, key]``."""
        found: Bools = self.real[self.rows.prompts]
        return found

    @cached_property
    def key_ordinals(self) -> Integers:
        """Index of each key among the real ones of the query's prompt, ``[row, key]``."""
        ordinals: Integers = (np.cumsum(self.real, axis=1) - 1)[self.rows.prompts]
        return ordinals

    @cached_property
    def scores(self) -> Floats:
        """``scale·q·k``, what was captured, or what is granted in their place: ``[row, head, key]``."""
        if self.granted is not None:
            return self.granted(replace(self, granted=None))
        if self.captured is not None:
            return self.captured
        found = self._products()
        found *= self.scale
        return found

    @cached_property
    def weights(self) -> Floats:
        """The reference's probabilities, ``[row, head, key]``."""
        return probabilities(self.scores, self.visible[:, None])

    def with_values(self, values: Floats) -> AttentionRows:
        """Other values ``[prompt, key, kv_head, channel]`` under the same scores, which are not computed again."""
        return replace(self, values=values, captured=self.scores, granted=None)

    def context(self, weights: Floats) -> Floats:
        """Sum of the values under `weights` ``[row, head, key]``: ``[row, head, channel]``."""
        found = np.empty((*weights.shape[:2], self.values.shape[-1]))
        for prompt, part in self._prompts():
            values = self.values[prompt].transpose(1, 0, 2)  # [kv_head, key, channel]
            _by_group(found[part], len(values))[...] = _by_group(weights[part], len(values)) @ values[:, None]
        return found

    def _products(self) -> Floats:
        """``q·k``, ``[row, head, key]``."""
        found = np.empty((len(self.rows), self.heads, self.keys.shape[1]))
        for prompt, part in self._prompts():
            keys = self.keys[prompt].transpose(1, 2, 0)  # [kv_head, channel, key]
            _by_group(found[part], len(keys))[...] = _by_group(self.queries[part], len(keys)) @ keys[:, None]
        return found

    def _prompts(self) -> Iterator[tuple[int, slice]]:
        """Each prompt with its rows."""
        prompts, starts = np.unique(self.rows.prompts, return_index=True)
        for prompt, start, stop in zip(prompts, starts, [*starts[1:], len(self.rows)], strict=True):
            yield int(prompt), slice(int(start), int(stop))


def _by_group(x: Floats, groups: int) -> Floats:
    """``[row, head, …]`` seen as ``[group, head of the group, row, …]``, without a copy."""
    rows, heads, width = x.shape
    seen: Floats = x.reshape(rows, groups, heads // groups, width).transpose(1, 2, 0, 3)
    return seen
