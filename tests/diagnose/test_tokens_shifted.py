"""Outputs of other tokens."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_decoder import make_case, make_reference
from planting import DTYPES, best_cause, cause_of, changed_output

OUT, V = "layers.1.attn_out", "layers.1.v"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shift", "words"), [(1, "1 place earlier"), (3, "3 places earlier"), (-2, "2 places later")])
def test_a_shift_within_each_prompt_is_solved(shift: int, words: str, dtype: str) -> None:
    reference = make_reference(lengths=(40, 40))
    fault = changed_output(OUT, lambda y: np.roll(y, shift, axis=1))
    cause = best_cause(make_case(reference, OUT, fault, dtype=dtype))
    assert (cause.hypothesis, cause.sentence) == ("tokens_shifted", f"each token has the output of the token {words}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_shift_that_repeats_the_first_token_is_solved(dtype: str) -> None:
    fault = changed_output(V, lambda y: y[:, np.maximum(np.arange(y.shape[1]) - 2, 0)])
    assert "2 places earlier" in cause_of(V, fault, dtype=dtype).sentence


def reversed_prompts(y: np.ndarray) -> np.ndarray:
    """Prompts of 48 and 20 tokens, each from its end to its beginning."""
    turned = y.copy()
    turned[0] = y[0, ::-1]
    turned[1, :20] = y[1, 19::-1]
    return turned


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda y: np.broadcast_to(y[:, :1], y.shape), "every token has the output of the first"),
        (reversed_prompts, "in reverse"),
    ],
)
def test_other_orders_are_named(change, words: str) -> None:  # type: ignore[no-untyped-def]
    assert words in cause_of(OUT, changed_output(OUT, change)).sentence
