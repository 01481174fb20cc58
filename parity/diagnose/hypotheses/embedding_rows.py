"""Rows of other ids: shifted ids, an offset in the table, prompts exchanged, another tokenizer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from parity.diagnose.case import SourceCase
from parity.diagnose.columns import columns
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.replay.arrays import Floats, widened

__all__ = ["EMBEDDING_ROWS"]

_COMPARED_CHANNELS = 64
_CHUNK = 16384
_ALIKE = 0.95
_AGREEMENT = 0.98
_LISTED = 3
_FARTHEST = 64

Ids = npt.NDArray[np.int64]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Each token's row is looked up in the whole table."""
    table, tokens = case.parameters.weight, case.reference.tokens
    assert table is not None
    own = tokens.ids[tokens.mask]
    found = _nearest_rows(columns(case, case.output), table, own)
    if (found == own).all():
        return
    for sentence, ids, fitted in _readings(case, own, found, len(table)):
        used = tokens.ids.copy()
        used[tokens.mask] = ids
        yield Prediction(sentence, widened(table[used]), fitted)


def _nearest_rows(output: Floats, table: npt.NDArray[np.generic], own: Ids) -> Ids:
    """The id whose row is most alike each token's, ``[row]``; the own id where nothing is, or nothing is more."""
    channels = np.unique(np.linspace(0, output.shape[1] - 1, _COMPARED_CHANNELS).astype(np.intp))
    target = _unit(output[:, channels])
    best_value, best_id = np.full(own.size, _ALIKE, dtype=np.float32), own.copy()
    mine = np.einsum("rc,rc->r", target, _unit(widened(table[own][:, channels])))
    for start in range(0, len(table), _CHUNK):
        alike = target @ _unit(widened(table[start : start + _CHUNK][:, channels])).T  # [row, id]
        place = alike.argmax(axis=1)
        value = alike[np.arange(own.size), place]
        better = value > best_value
        best_value, best_id = np.where(better, value, best_value), np.where(better, start + place, best_id)
    return np.where(mine >= best_value - 1e-4, own, best_id)


def _unit(rows: Floats) -> npt.NDArray[np.float32]:
    length = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    unit: npt.NDArray[np.float32] = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0).astype(
        np.float32
    )
    return unit


def _readings(case: SourceCase, own: Ids, found: Ids, size: int) -> Iterator[tuple[str, Ids, int]]:
    """A rule that gives these ids, and the ids themselves."""
    steps, counts = np.unique((found - own) % size, return_counts=True)
    step = int(steps[counts.argmax()])
    if step != 0 and counts.max() > _AGREEMENT * own.size:
        offset = step - size if step > size // 2 else step
        yield f"rows of the embedding table are read {offset:+d} from the right ones", (own + step) % size, 1
    for lag in sorted(range(-_FARTHEST, _FARTHEST + 1), key=abs):
        shifted, known = _shifted(case, lag)
        if lag and known.mean() > 0.5 and np.mean(shifted[known] == found[known]) > _AGREEMENT:
            where = f"{abs(lag)} place{'s' if abs(lag) > 1 else ''} {'earlier' if lag > 0 else 'later'}"
            yield f"each token has the row of the token {where}", np.where(known, shifted, found), 1
    differ = np.flatnonzero(found != own)
    listed = ", ".join(f"{found[row]} instead of {own[row]}" for row in differ[:_LISTED])
    more = " …" if differ.size > _LISTED else ""
    yield f"{differ.size} of {own.size} tokens have the row of another id: {listed}{more}", found, differ.size


def _shifted(case: SourceCase, lag: int) -> tuple[Ids, npt.NDArray[np.bool_]]:
    """The id `lag` places earlier in the prompt, and where there is one."""
    tokens = case.reference.tokens
    ids, known = np.zeros_like(tokens.ids), np.zeros_like(tokens.mask)
    for row, mask in enumerate(tokens.mask):
        places = np.flatnonzero(mask)
        there = np.arange(places.size) - lag
        inside = (there >= 0) & (there < places.size)
        ids[row, places[inside]] = tokens.ids[row, places[there[inside]]]
        known[row, places[inside]] = True
    return ids[tokens.mask], known[tokens.mask]


EMBEDDING_ROWS = Hypothesis("embedding_rows", ("embedding",), _predict, rank=2, needs_all_tokens=True)
