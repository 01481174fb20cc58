"""Which column of a pool each column of an output is, found without knowing scale or offset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from parity.replay.arrays import Floats

__all__ = ["Matches", "match_columns"]

_CHUNK = 512
_ENOUGH_ROWS = 8
_TIE = 1e-6


@dataclass(frozen=True, eq=False)
class Matches:
    """The best partner of each column.

    Attributes:
        partner: index of the pool's column, ``[column]``; -1 where none resembles it.
        correlation: with the partner, ``[column]``.
    """

    partner: npt.NDArray[np.int64]
    correlation: Floats

    @property
    def share(self) -> float:
        """The share of columns that have a partner."""
        return float(np.mean(self.partner >= 0))


def match_columns(
    target: Floats,
    pool: Floats,
    *,
    weights: Floats,
    own: npt.NDArray[np.int64] | None = None,
    least: float = 0.95,
) -> Matches | None:
    """Match by correlation over rows, which neither a factor nor an offset of a column changes.

    Args:
        target: ``[row, column]``.
        pool: ``[row, pool column]``.
        weights: how much each row counts, ``[row]``.
        own: the pool column that is preferred among equally good ones, ``[column]``; rows of weights may occur
            more than once.
        least: the correlation from which on a column counts as a partner.

    Returns:
        None with fewer than eight rows that count: everything correlates then.
    """
    if np.count_nonzero(weights) < _ENOUGH_ROWS:
        return None
    left, right = _standardised(target, weights), _standardised(pool, weights)
    partner = np.empty(target.shape[1], dtype=np.int64)
    correlation = np.empty(target.shape[1])
    for start in range(0, target.shape[1], _CHUNK):
        part = slice(start, start + _CHUNK)
        found = left[:, part].T @ right  # [column, pool column]
        best = found.argmax(axis=1)
        top = found[np.arange(best.size), best]
        if own is not None:
            kept = found[np.arange(best.size), own[part]] >= top - 0.5 * (1 - top) - _TIE
            best = np.where(kept, own[part], best)
        partner[part], correlation[part] = best, top
    return Matches(np.where(correlation >= least, partner, -1), correlation)


def _standardised(values: Floats, weights: Floats) -> npt.NDArray[np.float32]:
    """Columns of unit length without their weighted mean; zero where they are constant."""
    root = (weights / weights.max())[:, None]
    scaled = values * root
    scaled -= root * ((root * scaled).sum(axis=0) / (root * root).sum())
    before = np.sqrt(np.einsum("rc,rc->c", values * root, values * root))
    length = np.sqrt(np.einsum("rc,rc->c", scaled, scaled))
    usable = length > 1e-9 * np.maximum(before, 1e-300)
    unit = np.divide(scaled, length, out=np.zeros_like(scaled), where=usable)
    narrow: npt.NDArray[np.float32] = unit.astype(np.float32)
    return narrow
