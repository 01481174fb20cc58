"""Rows of other ids in the embedding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy_decoder import Fault
from planting import DTYPES, cause_of

from parity.replay.arrays import Floats, widened
from parity.replay.replay import Reference


def reading(change: Callable[[np.ndarray], np.ndarray]) -> Fault:
    def fault(reference: Reference, inputs: tuple[Floats, ...]) -> Floats:
        table = reference.weights.parameters("embed").weight
        assert table is not None
        return widened(table[change(reference.tokens.ids)])

    return fault


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("offset", [1, -1, 7])
def test_an_offset_in_the_table_is_solved(offset: int, dtype: str) -> None:
    cause = cause_of("embed", reading(lambda ids: (ids + offset) % 80), dtype=dtype)
    assert cause.hypothesis == "embedding_rows"
    assert f"read {offset:+d} from the right ones" in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shift", "words"), [(1, "1 place earlier"), (3, "3 places earlier"), (-2, "2 places later")])
def test_shifted_ids_are_named(shift: int, words: str, dtype: str) -> None:
    cause = cause_of("embed", reading(lambda ids: np.roll(ids, shift, axis=1)), dtype=dtype)
    assert cause.hypothesis == "embedding_rows"
    assert words in cause.sentence


@pytest.mark.parametrize("dtype", DTYPES)
def test_single_wrong_ids_are_listed(dtype: str) -> None:
    def other(ids: np.ndarray) -> np.ndarray:
        ids = ids.copy()
        ids[0, [4, 9]] = (ids[0, [4, 9]] + 11) % 80
        return ids

    cause = cause_of("embed", reading(other), dtype=dtype)
    assert cause.hypothesis == "embedding_rows"
    assert "2 of 68 tokens have the row of another id" in cause.sentence


def test_ids_of_another_tokenizer_are_counted() -> None:
    cause = cause_of("embed", reading(lambda ids: (7 * ids + 3) % 80))
    assert cause.hypothesis == "embedding_rows"
    assert "tokens have the row of another id" in cause.sentence
