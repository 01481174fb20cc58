"""Outputs on an even grid; its step is solved for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planting import best_cause, number_in, put_out

from parity.diagnose.even_grid import even_grid
from parity.replay.arrays import Floats

V, GATE = "layers.1.v", "layers.1.gate"


def on_grid(y: Floats, axes: tuple[int, ...] | None, levels: int) -> Floats:
    step = np.abs(y).max(axis=axes, keepdims=True) / levels
    return np.rint(y / step) * step


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(
    ("tap", "axes", "levels", "words"),
    [
        (V, None, 127, "8 bits)"),
        (V, None, 7, "4 bits)"),
        (V, (0, 1, 3), 127, "one for each head"),
        (V, (0, 1), 127, "one for each channel"),
        (GATE, (2,), 127, "one for each token"),
    ],
)
def test_who_shares_a_step_is_found(
    tap: str, axes: tuple[int, ...] | None, levels: int, words: str, dtype: str
) -> None:
    cause = best_cause(put_out(tap, lambda y: on_grid(y, axes, levels), dtype=dtype))
    assert cause.hypothesis == "value_grid"
    assert words in cause.sentence


@pytest.mark.parametrize(
    ("rounded", "words"),
    [(np.floor, "rounded downwards"), (np.trunc, "cut off towards zero"), (lambda y: np.rint(y) + 2, "moved by 0.6")],
)
def test_step_and_kind_of_rounding_are_told(rounded, words: str) -> None:  # type: ignore[no-untyped-def]
    cause = best_cause(put_out(GATE, lambda y: rounded(y / 0.3) * 0.3))
    assert cause.hypothesis == "value_grid"
    assert number_in(r"with step (\S+) ", cause.sentence) == pytest.approx(0.3, rel=1e-3)
    assert words in cause.sentence


@given(
    step=st.floats(1e-3, 10),
    offset=st.floats(-5, 5),
    levels=st.integers(4, 200),
    seed=st.integers(0, 1000),
)
def test_the_step_of_any_grid_is_found(step: float, offset: float, levels: int, seed: int) -> None:
    values = offset + step * np.random.default_rng(seed).integers(0, levels, 600)
    found = even_grid(values, 2.0**-24)
    assert found is not None
    assert found.step == pytest.approx(step, rel=1e-4)


@given(seed=st.integers(0, 10_000), count=st.integers(24, 500))
def test_numbers_that_lie_anywhere_have_no_grid(seed: int, count: int) -> None:
    assert even_grid(np.random.default_rng(seed).standard_normal(count), 2.0**-24) is None
