"""One pass over two sides: sums of squares by token, head and channel, and every element's error.

Everything is accumulated in float64, in chunks that stay in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from parity.metrics.real_rows import RealRows

__all__ = ["RELATIVE_OFFSET", "Differences", "Floats", "differences"]

Floats = npt.NDArray[np.float64]

RELATIVE_OFFSET = 1e-5
"""Added to |reference| in relative errors, so that figures compare with those published for Qwen-7B ports."""

_CHUNK_ELEMENTS = 2**18


@dataclass(frozen=True, eq=False)
class Differences:
    """How one side differs from the truth. Row, head and channel as in `RealRows`; invalid elements are left out.

    Attributes:
        error_squares: sum of (side - truth)², shape ``[row, head]``.
        truth_squares: sum of truth², shape ``[row, head]``.
        side_squares: sum of side², shape ``[row, head]``.
        products: sum of side·truth, shape ``[row, head]``.
        channel_error_squares: sum of (side - truth)² over rows, shape ``[head, channel]``.
        channel_truth_squares: sum of truth² over rows, shape ``[head, channel]``.
        absolute: |side - truth| of every valid element, flat, in row order.
        relative: |side - truth| / (|truth| + 1e-5), likewise.
        worst: index ``(row, head, channel)`` of the largest absolute error.
    """

    error_squares: Floats
    truth_squares: Floats
    side_squares: Floats
    products: Floats
    channel_error_squares: Floats
    channel_truth_squares: Floats
    absolute: Floats
    relative: Floats
    worst: tuple[int, int, int]


def differences(truth: RealRows, side: RealRows) -> Differences:
    """Compare `side` with `truth`: finite values of one shape.

    Raises:
        ValueError: the shapes differ, or nothing is to be compared.
    """
    if truth.values.shape != side.values.shape or truth.elements == 0:
        raise ValueError(f"can't compare {side.values.shape} with {truth.values.shape}")
    rows, heads, channels = truth.values.shape
    by_token, by_channel = np.zeros((4, rows, heads)), np.zeros((2, heads, channels))
    absolute, relative = np.empty(truth.elements), np.empty(truth.elements)
    filled = 0
    for chunk in _chunks(truth, side):
        error = chunk.side - chunk.truth
        _add_squares(by_token, by_channel, chunk, error)
        filled = _add_errors(absolute, relative, chunk, error, filled)
    return Differences(
        error_squares=by_token[0],
        truth_squares=by_token[1],
        side_squares=by_token[2],
        products=by_token[3],
        channel_error_squares=by_channel[0],
        channel_truth_squares=by_channel[1],
        absolute=absolute,
        relative=relative,
        worst=_place(int(absolute.argmax()), truth),
    )


@dataclass(frozen=True, eq=False)
class _Chunk:
    """Some rows of both sides in float64, zero where invalid; `rows` says which."""

    rows: slice
    truth: Floats
    side: Floats
    valid: npt.NDArray[np.bool_] | None


def _chunks(truth: RealRows, side: RealRows) -> Iterator[_Chunk]:
    rows, heads, channels = truth.values.shape
    step = max(1, _CHUNK_ELEMENTS // (heads * channels))
    for start in range(0, rows, step):
        part = slice(start, start + step)
        reference, value = truth.values[part].astype(np.float64), side.values[part].astype(np.float64)
        if truth.valid is None:
            yield _Chunk(part, reference, value, None)
        else:
            valid = np.broadcast_to(truth.valid[part], reference.shape)
            yield _Chunk(part, np.where(valid, reference, 0.0), np.where(valid, value, 0.0), valid)


def _add_squares(by_token: Floats, by_channel: Floats, chunk: _Chunk, error: Floats) -> None:
    """Fill this chunk's rows of `by_token` [4, row, head] and add to `by_channel` [2, head, channel]."""
    pairs = ((error, error), (chunk.truth, chunk.truth), (chunk.side, chunk.side), (chunk.side, chunk.truth))
    for place, (left, right) in enumerate(pairs):
        by_token[place, chunk.rows] = np.einsum("rhc,rhc->rh", left, right)
    for place, values in enumerate((error, chunk.truth)):
        by_channel[place] += np.einsum("rhc,rhc->hc", values, values)


def _add_errors(absolute: Floats, relative: Floats, chunk: _Chunk, error: Floats, filled: int) -> int:
    """Append this chunk's valid elements to both flat arrays; returns how many elements they hold."""
    valid = slice(None) if chunk.valid is None else chunk.valid
    magnitude, scale = np.abs(error[valid]).ravel(), np.abs(chunk.truth[valid]).ravel()
    stop = filled + magnitude.size
    absolute[filled:stop] = magnitude
    relative[filled:stop] = magnitude / (scale + RELATIVE_OFFSET)
    return stop


def _place(flat: int, truth: RealRows) -> tuple[int, int, int]:
    """Row, head and channel of an entry of the flat array of valid elements."""
    if truth.valid is not None:
        flat = int(np.flatnonzero(np.broadcast_to(truth.valid, truth.values.shape))[flat])
    row, head, channel = np.unravel_index(flat, truth.values.shape)
    return int(row), int(head), int(channel)
