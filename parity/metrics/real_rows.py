"""Real tokens only: taps of any layout as rows of heads of channels, padding left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.taps import Tap
from parity.tokens import TokenBatch

__all__ = ["RealRows", "real_rows"]


@dataclass(frozen=True, eq=False)
class RealRows:
    """One side's values at real tokens.

    Attributes:
        values: native dtype, shape ``[row, head, channel]``; one row per real token, prompt after prompt; one head
            where the tap has none; keys in place of channels for scores and probabilities.
        valid: bool, broadcastable to `values`, False at elements that mean nothing (keys that a query may not
            see); None where all count.
        coordinates: int64, shape ``[row, 2]``: prompt and index in the padded batch of each row.
    """

    values: npt.NDArray[Any]
    valid: npt.NDArray[np.bool_] | None
    coordinates: npt.NDArray[np.int64]

    @property
    def elements(self) -> int:
        """How many elements count."""
        if self.valid is None:
            return int(self.values.size)
        return int(np.broadcast_to(self.valid, self.values.shape).sum())


def real_rows(array: npt.NDArray[Any], tap: Tap, tokens: TokenBatch) -> RealRows:
    """The rows of `array`, which has the axes of `tap`, at the real tokens of `tokens`."""
    by_token = np.moveaxis(array, tap.axes.index("token"), 1)  # [batch, token, …]
    rows = by_token[tokens.mask]  # [row, …]
    if rows.ndim == 2:
        rows = rows[:, None, :]  # [row, 1, channel]
    valid = visible_keys(tokens)[:, None, :] if "key" in tap.axes else None
    return RealRows(rows, valid, np.argwhere(tokens.mask))


def visible_keys(tokens: TokenBatch) -> npt.NDArray[np.bool_]:
    """Which keys each real query may see: bool ``[row, key]``, real and not in the query's future."""
    batch, token = tokens.mask.shape
    causal = np.tri(token, dtype=np.bool_)  # [query, key]
    visible = np.broadcast_to(causal, (batch, token, token)) & tokens.mask[:, None, :]
    selected: npt.NDArray[np.bool_] = visible[tokens.mask]
    return selected
