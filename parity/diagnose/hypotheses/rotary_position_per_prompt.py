"""Positions that are moved by another number in each prompt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from parity.diagnose.case import SourceCase
from parity.diagnose.hypothesis import Hypothesis, Prediction
from parity.diagnose.positions import PositionRule, position_predictions, solved_positions, usual
from parity.diagnose.token_rows import Integers
from parity.tokens import TokenBatch

__all__ = ["ROTARY_POSITION_PER_PROMPT"]


def _predict(case: SourceCase) -> Iterable[Prediction]:
    """Padding counted, or one prompt counted on from the one before."""
    tokens = case.reference.tokens
    if len(tokens.mask) == 1:
        return ()
    return position_predictions(case, (*_known(tokens), *_solved(case)))


def _known(tokens: TokenBatch) -> Iterator[tuple[str, PositionRule, int]]:
    lengths = tokens.mask.sum(axis=1)
    longest, before = tokens.mask.shape[1], np.cumsum(lengths) - lengths
    for sentence, offsets in (
        ("padding on the left is counted: positions are places in the padded batch", tokens.mask.argmax(axis=1)),
        ("positions count as if prompts were padded on the left", longest - lengths),
        ("positions run on from prompt to prompt, as in one packed sequence", before),
        ("positions run on through the whole padded batch", longest * np.arange(len(lengths))),
    ):
        if offsets.any():
            yield sentence, _moved(offsets), 0


def _solved(case: SourceCase) -> Iterator[tuple[str, PositionRule, int]]:
    solved = solved_positions(case)
    offsets = np.zeros(len(case.reference.tokens.mask), dtype=np.int64)
    for prompt in np.unique(solved.rows.prompts):
        offsets[prompt] = usual(solved.shift[solved.rows.prompts == prompt])
    if offsets.any():
        listed = ", ".join(f"{offset:+d} in prompt {prompt}" for prompt, offset in enumerate(offsets) if offset)
        yield f"positions are moved by {listed}", _moved(offsets), int(np.count_nonzero(offsets))


def _moved(offsets: Integers) -> PositionRule:
    return lambda rows: rows.positions + offsets[rows.prompts]


ROTARY_POSITION_PER_PROMPT = Hypothesis("rotary_position_per_prompt", ("rotary",), _predict, rank=3)
