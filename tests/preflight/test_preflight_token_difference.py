"""Other tokens are told by what happened to them."""

from __future__ import annotations

import numpy as np
import pytest

from parity.preflight import describe_token_difference
from parity.tokens import TokenBatch

OURS = [[11, 12, 13, 14, 15], [21, 22, 23]]


def difference(theirs: list[list[int]]) -> str:
    return describe_token_difference(TokenBatch.from_sequences(OURS), TokenBatch.from_sequences(theirs))


def in_front(*ids: int) -> list[list[int]]:
    return [[*ids, *prompt] for prompt in OURS]


@pytest.mark.parametrize(
    ("theirs", "words"),
    [
        ([OURS[0]], "2 prompts against 1"),
        (OURS[::-1], "another order there: 1, 0"),
        (in_front(1), "one token more in front there, id 1: looks as if a beginning-of-sequence token was added"),
        ([[11, *OURS[0]], [11, *OURS[1]]], "the first token stands twice there"),
        ([prompt[1:] for prompt in OURS], "one token missing in front there, id 11"),
        (in_front(7, 8, 9), "3 tokens more in front there, ids 7, 8, 9: a template or system prompt"),
        ([OURS[0], [0, 0, *OURS[1]]], "the padding on the left, id 0, counts as real tokens"),
        ([OURS[0], [*OURS[1], 0, 0]], "the padding on the right, id 0, counts as real tokens"),
        ([[*prompt, 2] for prompt in OURS], "1 tokens more at their end there, ids 2: an end-of-sequence token"),
        (
            [[*prompt, 5, 6] for prompt in OURS],
            "2 tokens more at their end there, ids 5, 6: the end of a chat template",
        ),
        ([[7, *prompt, 8, 9] for prompt in OURS], "behind 1 and before 2 tokens: one side used a chat template"),
        ([prompt[:3] for prompt in OURS], "prompts are cut to 3 tokens there"),
        ([[15, 11, 12, 13, 14], [23, 21, 22]], "every token stands 1 place later there: ids went in shifted"),
        ([[12, 13, 14, 15, 0], [22, 23, 0]], "every token stands 1 place earlier there"),
        (
            [[11, 12, 99, 14, 15], [21, 22, 98]],
            "prompt 0 differs first at token 2: id 13 against 99; 2 of 8 ids differ",
        ),
        ([[11, 12, 99, 14], [21, 22, 23]], "prompts of 5, 3 against 4, 3 tokens, prompt 0 differs first at token 2"),
    ],
)
def test_what_happened_is_said(theirs: list[list[int]], words: str) -> None:
    assert words in difference(theirs)


def left_padded(positions: list[list[int]] | None = None) -> TokenBatch:
    right = TokenBatch.from_sequences(OURS)
    ids, mask = np.array([OURS[0], [0, 0, *OURS[1]]]), np.array([[True] * 5, [False] * 2 + [True] * 3])
    at = right.positions.copy() if positions is None else np.array(positions)
    if positions is None:
        at[1] = [0, 0, 0, 1, 2]
    return TokenBatch(ids, mask, at)


def test_the_same_ids_in_another_layout_are_told() -> None:
    right = TokenBatch.from_sequences(OURS)
    assert describe_token_difference(right, left_padded()) == (
        "the ids agree, but one side pads on the right, the other on the left"
    )
    counted = left_padded([[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]])
    assert describe_token_difference(right, counted).endswith("and counts positions from the padding")


def test_other_positions_are_told() -> None:
    right = TokenBatch.from_sequences(OURS)
    later = TokenBatch(right.ids, right.mask, right.positions + 1)
    assert describe_token_difference(right, later) == "the ids agree, but every position is +1 from the reference's"
    jump = TokenBatch(right.ids, right.mask, np.where(right.positions == 3, 9, right.positions))
    assert describe_token_difference(right, jump).endswith("token 3 is at 3 against 9")
