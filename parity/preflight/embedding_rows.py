"""Embedding rows: did the candidate embed the tokens that its manifest names?

An engine that gets its own ids (a tokenizer of its own, a shifted buffer, padding on the other side) still computes
right layers, on other words. That shows in the first tap alone: some rows are exact, others are rows of other tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.finding import Finding
from parity.preflight.check import DumpCheck
from parity.preflight.sides import DumpSides, PhaseSides
from parity.tokens import TokenBatch

__all__ = ["EMBEDDING_ROWS"]

_NAME = "embedding_rows"
_CURE = (
    "give the candidate the ids of the reference's dump (parity record candidate --tokens), padded as they are there"
)

_OWN = 0.2
"""Sine of the angle between a row and the reference's up to which it is the same row, scaled or quantised or not.

Rounding to bf16 gives 0.003, four bits 0.1; rows of two tokens are at 0.5 and more even where a common direction
dominates the table.
"""
_OTHERS = 0.05
"""The same for a row that is recognised as another token's: close enough to be that row as stored."""
_AGREEMENT = 0.95
_FARTHEST = 64
_CHANNELS = 64
_LISTED = 3

Floats = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Rows:
    """Where each real token's row comes from, flat, prompt after prompt.

    Attributes:
        wrong: whether the row is not the token's own.
        source: the real token, counted over all prompts, whose row stands there instead; -1 where none does.
        zero: whether the row is zero, which no token's is.
    """

    wrong: npt.NDArray[np.bool_]
    source: Ids
    zero: npt.NDArray[np.bool_]


def _find(sides: DumpSides) -> Iterator[Finding]:
    for phase in sides.phases:
        if "embed" in phase.reference and "embed" in phase.candidate:
            yield from _compare(phase)


def _compare(phase: PhaseSides) -> Iterator[Finding]:
    truth, side = (np.asarray(rows["embed"]) for rows in (phase.reference, phase.candidate))
    if truth.shape != side.shape or truth.ndim != 2:
        return
    rows = _trace(truth.astype(np.float64), side.astype(np.float64))
    wrong, known = int(rows.wrong.sum()), int((rows.wrong & (rows.source >= 0)).sum())
    subject = f"embed, phase {phase.name}"
    if known and known >= (1 - _AGREEMENT) * wrong:
        sentence = f"the candidate embedded other tokens than the reference: {_reading(phase.tokens, rows)}"
        yield Finding(_NAME, "error", subject, sentence, _CURE)
    elif 0 < wrong < rows.wrong.size and not rows.zero[rows.wrong].all():
        sentence = (
            f"{wrong} of {rows.wrong.size} tokens have a row that is not theirs, nor that of any other token here, and "
            f"all others have their own: other ids went in, or these rows of the table are wrong"
        )
        yield Finding(_NAME, "warning", subject, sentence, _CURE)


def _trace(truth: Floats, side: Floats) -> _Rows:
    wrong = ~(_sines(truth, side) <= _OWN)  # NaN counts as wrong
    source = np.full(len(truth), -1, dtype=np.int64)
    usable = wrong & np.isfinite(side).all(axis=1) & side.any(axis=1)
    if usable.any():
        nearest = _nearest(_unit(truth), _unit(side[usable]))
        same = _sines(truth[nearest], side[usable]) <= _OTHERS
        source[usable] = np.where(same, nearest, -1)
    return _Rows(wrong, source, np.asarray(~side.any(axis=1)))


def _sines(truth: Floats, side: Floats) -> Floats:
    cosine = np.einsum("rc,rc->r", _unit(truth), _unit(side))
    sines: Floats = np.sqrt(np.clip(1 - cosine**2, 0, None))
    return np.where(cosine < 0, 1.0, sines)


def _unit(rows: Floats) -> Floats:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Floats = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    return unit


def _nearest(table: Floats, rows: Floats) -> Ids:
    """The row of `table` most alike each of `rows`, found on a few channels."""
    channels = np.unique(np.linspace(0, table.shape[1] - 1, _CHANNELS).astype(np.intp))
    best: Ids = (_unit(rows[:, channels]) @ _unit(table[:, channels]).T).argmax(axis=1).astype(np.int64)
    return best


def _reading(tokens: TokenBatch, rows: _Rows) -> str:
    """The rule by which rows and tokens go together, or the first few exchanges."""
    ids = tokens.ids[tokens.mask]
    found = np.where(rows.source >= 0, ids[rows.source], -1)
    return (
        _other_prompts(tokens, found)
        or _padded_left(tokens, found)
        or _shifted(tokens, found)
        or _replaced(tokens, rows, found)
    )


def _other_prompts(tokens: TokenBatch, found: Ids) -> str:
    """Every prompt with wrong rows has those of one other prompt."""
    prompts, rows = _prompts(tokens), _split(tokens, found)
    pairs = []
    for one, own in enumerate(rows):
        if (own >= 0).any():
            alike = [j for j, ids in enumerate(prompts) if j != one and _agree(_is(ids, own, prompts[one]))]
            if not alike:
                return ""
            pairs.append(f"prompt {one} has the rows of prompt {alike[0]}")
    return ", ".join(pairs[:_LISTED]) + (" …" if len(pairs) > _LISTED else "")


def _prompts(tokens: TokenBatch) -> list[Ids]:
    return [row[mask] for row, mask in zip(tokens.ids, tokens.mask, strict=True)]


def _split(tokens: TokenBatch, found: Ids) -> list[Ids]:
    return np.split(found, np.cumsum(tokens.lengths)[:-1])


def _is(ids: Ids, found: Ids, own: Ids) -> npt.NDArray[np.bool_]:
    """Whether rows are those of `ids`, over the length that both have.

    A row that is the token's own, marked -1, fits where both tokens are the same.
    """
    size = min(ids.size, found.size)
    ids, found, own = ids[:size], found[:size], own[:size]
    same: npt.NDArray[np.bool_] = np.where(found < 0, ids == own, ids == found)
    return same


def _padded_left(tokens: TokenBatch, found: Ids) -> str:
    """Every prompt stands as much later as it is shorter than the longest one."""
    longest = max(tokens.lengths)
    lags = [longest - length for length in tokens.lengths]
    if len(set(lags)) < 2 or not _agree(_follows(tokens, found, lags)):
        return ""
    return "each prompt stands behind its padding, so the candidate pads on the left and the reference on the right"


def _shifted(tokens: TokenBatch, found: Ids) -> str:
    for lag in sorted(range(-_FARTHEST, _FARTHEST + 1), key=abs):
        if lag and _agree(_follows(tokens, found, [lag] * len(tokens.lengths))):
            places = f"{abs(lag)} place{'s' if abs(lag) > 1 else ''}"
            return f"each token has the row of the token {places} {'earlier' if lag > 0 else 'later'}"
    return ""


def _follows(tokens: TokenBatch, found: Ids, lags: list[int]) -> npt.NDArray[np.bool_]:
    """Whether each row belongs to the token `lag` places earlier, where there is one, prompt by prompt."""
    follows = [np.zeros(0, dtype=np.bool_)]
    for ids, rows, lag in zip(_prompts(tokens), _split(tokens, found), lags, strict=True):
        if 0 <= lag < ids.size:
            follows.append(_is(ids, rows[lag:], ids[lag:]))
        elif -ids.size < lag < 0:
            follows.append(_is(ids[-lag:], rows, ids))
    return np.concatenate(follows)


def _replaced(tokens: TokenBatch, rows: _Rows, found: Ids) -> str:
    wrong, ids = np.flatnonzero(rows.wrong), tokens.ids[tokens.mask]
    prompt = np.repeat(np.arange(len(tokens.lengths)), tokens.lengths)
    place = np.concatenate([np.arange(length) for length in tokens.lengths])
    listed = "; ".join(
        f"prompt {prompt[at]}, token {place[at]} (id {ids[at]}) has "
        + (f"the row of id {found[at]}" if found[at] >= 0 else "no row of a token here")
        for at in wrong[:_LISTED]
    )
    return f"{wrong.size} of {ids.size} tokens have another row: {listed}{' …' if wrong.size > _LISTED else ''}"


def _agree(follows: npt.NDArray[Any]) -> bool:
    return bool(follows.size and follows.mean() >= _AGREEMENT)


EMBEDDING_ROWS = DumpCheck(_NAME, _find)
