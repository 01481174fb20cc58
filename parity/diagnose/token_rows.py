"""Which real tokens a search looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from parity.replay.arrays import Floats
from parity.tokens import TokenBatch

__all__ = ["Integers", "TokenRows", "real_tokens", "spread"]

Integers = npt.NDArray[np.int64]

_GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True, eq=False)
class TokenRows:
    """Real tokens of a padded batch, one row each, prompt after prompt.

    Attributes:
        prompts: which prompt, ``[row]``.
        places: index in the padded batch, ``[row]``.
        ordinals: index among the prompt's real tokens, ``[row]``.
        positions: the position that the model was given, float64, ``[row]``.
        lengths: real tokens of the row's prompt, ``[row]``.
    """

    prompts: Integers
    places: Integers
    ordinals: Integers
    positions: Floats
    lengths: Integers

    def __len__(self) -> int:
        return int(self.prompts.size)

    def take(self, chosen: Integers) -> TokenRows:
        """The rows at the indices `chosen`."""
        return TokenRows(
            self.prompts[chosen],
            self.places[chosen],
            self.ordinals[chosen],
            self.positions[chosen],
            self.lengths[chosen],
        )


def real_tokens(tokens: TokenBatch) -> TokenRows:
    """Every real token, in the order of `parity.metrics.real_rows`."""
    prompts, places = np.nonzero(tokens.mask)
    ordinals = (np.cumsum(tokens.mask, axis=1) - 1)[tokens.mask]
    lengths = tokens.mask.sum(axis=1)[prompts]
    return TokenRows(prompts, places, ordinals, tokens.positions[tokens.mask].astype(np.float64), lengths)


def spread(count: int, limit: int) -> Integers:
    """At most `limit` of ``range(count)``, first and last included, evenly spread but without a regular step.

    A regular step would make angles that differ by 2π per step look alike.
    """
    if count <= limit:
        return np.arange(count)
    steps = np.modf(np.arange(limit) * _GOLDEN)[0]  # the most even sequence of multiples modulo 1
    return np.unique(np.concatenate([(steps * count).astype(np.int64)[: limit - 1], [count - 1]]))
