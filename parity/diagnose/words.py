"""Indices in words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from parity.taps import Tap

__all__ = ["channels_in_words", "head_layout", "ranges", "runs"]

_NAMED_RANGES = 6


def head_layout(tap: Tap) -> tuple[int, int]:
    """Heads and channels of each; one head where the tap has no such axis."""
    sizes = [size for size in tap.sizes if size is not None]
    return (sizes[0], sizes[1]) if "head" in tap.axes and "channel" in tap.axes else (1, sizes[-1])


def channels_in_words(chosen: npt.NDArray[np.bool_], tap: Tap) -> str:
    """The chosen channels of `tap`: ``heads 1, 3`` where whole heads are, ``channels 3, 7–9`` elsewhere.

    Args:
        chosen: ``[width]``, head by head.
        tap: whose channels they are.
    """
    heads, _ = head_layout(tap)
    by_head = chosen.reshape(heads, -1)
    if heads > 1 and (by_head.all(axis=1) | ~by_head.any(axis=1)).all():
        return _counted("head", by_head[:, 0])
    return _counted("channel", chosen)


def ranges(chosen: npt.NDArray[np.bool_]) -> str:
    """``3, 7–9`` for a mask; of many ranges the first six and how many elements there are in all."""
    found = runs(chosen)
    parts = [str(start) if stop == start + 1 else f"{start}–{stop - 1}" for start, stop in found[:_NAMED_RANGES]]
    more = f" … ({int(chosen.sum())} in all)" if len(found) > _NAMED_RANGES else ""
    return ", ".join(parts) + more


def runs(chosen: npt.NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """First and one past the last index of each run of True."""
    steps = np.diff(np.concatenate([[0], chosen.astype(np.int8), [0]]))
    return tuple(zip(np.flatnonzero(steps == 1).tolist(), np.flatnonzero(steps == -1).tolist(), strict=True))


def _counted(noun: str, chosen: npt.NDArray[np.bool_]) -> str:
    return f"{noun}{'' if chosen.sum() == 1 else 's'} {ranges(chosen)}"
