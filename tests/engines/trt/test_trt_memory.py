"""Taps spread over engines by the memory that their outputs take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_phases import random_phase

from parity.engines.tensorrt.memory import output_bytes, split_by_memory
from parity.errors import ParityError
from parity.taps import DecoderShape, decoder_taps

GRAPH = decoder_taps(DecoderShape(2, 32, 4, 2, 8, 48, 96))
TOKENS = random_phase(9, 4).tokens
LARGEST = max(output_bytes(tap, TOKENS) for tap in GRAPH)
WHOLE = sum(output_bytes(tap, TOKENS) for tap in GRAPH)


def test_an_output_is_counted_with_its_padding() -> None:
    assert output_bytes(GRAPH["layers.0.gate"], TOKENS) == 4 * 2 * 9 * 48
    assert output_bytes(GRAPH["layers.0.scores"], TOKENS) == 4 * 2 * 4 * 9 * 9


@given(st.integers(LARGEST, 2 * WHOLE))
def test_every_tap_is_in_one_group_and_every_group_fits(budget: int) -> None:
    groups = split_by_memory(tuple(GRAPH), TOKENS, budget=budget)
    assert [tap for group in groups for tap in group] == list(GRAPH)
    sizes = [sum(output_bytes(tap, TOKENS) for tap in group) for group in groups]
    assert max(sizes) <= budget
    assert all(first + output_bytes(group[0], TOKENS) > budget for first, group in zip(sizes, groups[1:], strict=False))


def test_what_fits_stays_together() -> None:
    assert split_by_memory(tuple(GRAPH), TOKENS, budget=WHOLE) == (tuple(GRAPH),)


def test_a_tap_that_is_too_large_is_named() -> None:
    with pytest.raises(ParityError, match=r"alone takes .* MiB") as caught:
        split_by_memory((GRAPH["logits"],), TOKENS, budget=100)
    assert "--memory (or memory=" in str(caught.value.cure)
