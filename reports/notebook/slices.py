"""Values side by side: reference, candidate and difference of chosen elements."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas

from parity.errors import ParityError
from parity.formatting import format_piece
from parity.reports.notebook.evidence import Evidence

__all__ = ["slice_table"]

_MOST_ROWS = 1_000_000

Indices = npt.NDArray[np.int64]


def slice_table(
    evidence: Evidence,
    *,
    prompt: int | None = None,
    token: int | None = None,
    head: int | None = None,
    channel: int | None = None,
    largest: int | None = None,
) -> pandas.DataFrame:
    """One line per element: where it is, both values, and candidate - reference.

    Args:
        evidence: the tap.
        prompt, token, head, channel: which elements; None for all of them. Tokens count from 0 in each prompt;
            for attention scores and probabilities, a channel is a key.
        largest: only so many, those with the largest differences, NaN first; by default all, in order.

    Raises:
        ParityError: an index does not exist, or the table would be too long to be of use.
    """
    rows = _chosen_rows(evidence, prompt, token)
    heads = _chosen("head", head, evidence.truth.values.shape[1])
    channels = _chosen("channel", channel, evidence.truth.values.shape[2])
    count = rows.size * heads.size * channels.size
    if count > _MOST_ROWS and largest is None:
        raise ParityError(
            f"{evidence.tap.name}: {count:,} elements are too many for a table",
            cure="choose a prompt, token, head or channel, or the largest differences: largest=20",
        )
    block = np.ix_(rows, heads, channels)
    reference = evidence.truth.values[block].astype(np.float64).ravel()
    candidate = evidence.candidate.values[block].astype(np.float64).ravel()
    kept = _kept(evidence, block, candidate - reference, largest)
    at_row, at_head, at_channel = np.unravel_index(kept, (rows.size, heads.size, channels.size))
    table = _places(evidence, rows[at_row], heads[at_head], channels[at_channel])
    table["reference"] = reference[kept]
    table["candidate"] = candidate[kept]
    table["difference"] = candidate[kept] - reference[kept]
    return table


def _chosen_rows(evidence: Evidence, prompt: int | None, token: int | None) -> Indices:
    wanted = np.ones(evidence.prompts.size, dtype=np.bool_)
    if prompt is not None:
        wanted &= evidence.prompts == prompt
        if not wanted.any():
            raise ParityError(f"no prompt {prompt}", cure=f"there are 0 to {evidence.prompts.max()}")
    longest = int(evidence.positions[wanted].max())
    if token is not None:
        wanted &= evidence.positions == token
        if not wanted.any():
            raise ParityError(f"no token {token}", cure=f"there are 0 to {longest}")
    return np.flatnonzero(wanted).astype(np.int64)


def _chosen(name: str, index: int | None, size: int) -> Indices:
    if index is None:
        return np.arange(size, dtype=np.int64)
    if not 0 <= index < size:
        raise ParityError(f"no {name} {index}", cure=f"there are 0 to {size - 1}")
    return np.array([index], dtype=np.int64)


def _kept(
    evidence: Evidence,
    block: tuple[npt.NDArray[np.intp], ...],
    difference: npt.NDArray[np.float64],
    largest: int | None,
) -> npt.NDArray[np.intp]:
    """Which of the chosen elements to show, as flat indices: those that count, and of them the largest."""
    valid = evidence.truth.valid
    counts = np.arange(difference.size)
    if valid is not None:
        counts = np.flatnonzero(np.broadcast_to(valid, evidence.truth.values.shape)[block])
    if largest is None:
        return counts
    size = np.where(np.isnan(difference[counts]), np.inf, np.abs(difference[counts]))
    return counts[np.argsort(-size, kind="stable")[:largest]]


def _places(evidence: Evidence, rows: Indices, heads: Indices, channels: Indices) -> pandas.DataFrame:
    table: pandas.DataFrame = pandas.DataFrame({"prompt": evidence.prompts[rows], "token": evidence.positions[rows]})
    if evidence.pieces:
        table["piece"] = [format_piece(evidence.pieces[int(row)]) for row in rows]
    if "head" in evidence.tap.axes:
        table["head"] = heads
    table["key" if "key" in evidence.tap.axes else "channel"] = channels
    return table
