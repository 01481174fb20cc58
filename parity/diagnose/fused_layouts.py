"""Ways to lay the rows of fused weights out in memory, and what reading one as another gives."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from parity.diagnose.fused import FusedRows
from parity.taps import DecoderShape

__all__ = ["fused_layouts"]

Indices = npt.NDArray[np.int64]


def fused_layouts(pool: FusedRows, kind: str, shape: DecoderShape) -> Iterator[tuple[str, Indices]]:
    """Which fused rows `kind` shows if one layout is stored and another is read, with the mistake in words.

    Rows are numbered as in `pool`, that is one weight below the other; a layout is the order in which they lie in
    memory. A grouped layout holds, group by group, an equal part of each weight.
    """
    place = pool.kinds.index(kind)
    own = slice(pool.starts[place], pool.starts[place + 1])
    for name, groups in _groupings(pool, shape):
        grouped = _grouped(pool, groups)
        yield f"weights stored {name} are read one below the other", grouped[own]
        yield f"weights stored one below the other are read {name}", np.argsort(grouped)[own]


def _groupings(pool: FusedRows, shape: DecoderShape) -> Iterator[tuple[str, int]]:
    if pool.kinds[0] == "q":
        yield "grouped by key head (queries, key, value)", shape.kv_heads
    else:
        yield "row by row in turn", pool.starts[1]
    for ranks in (2, 4, 8):
        if all(rows % ranks == 0 for rows in pool.starts):
            yield f"grouped by {ranks} ranks", ranks


def _grouped(pool: FusedRows, groups: int) -> Indices:
    """The fused rows in the order of the grouped layout."""
    parts = [np.arange(a, b).reshape(groups, -1) for a, b in zip(pool.starts[:-1], pool.starts[1:], strict=True)]
    return np.concatenate(parts, axis=1).ravel()
