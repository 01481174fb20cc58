"""Prompts that have another prompt's output."""

from __future__ import annotations

import pytest
from numpy_decoder import make_case, make_reference
from planting import DTYPES, best_cause, changed_output

OUT = "layers.1.attn_out"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("order", "words"),
    [([1, 0, 2], "0 has that of 1, 1 has that of 0"), ([2, 0, 1], "0 has that of 2"), ([0, 0, 0], "2 has that of 0")],
)
def test_who_has_whose_output_is_told(order: list[int], words: str, dtype: str) -> None:
    reference = make_reference(lengths=(24, 24, 24))
    cause = best_cause(make_case(reference, OUT, changed_output(OUT, lambda y: y[order]), dtype=dtype))
    assert cause.hypothesis == "prompts_exchanged"
    assert words in cause.sentence
